// SPDX-License-Identifier: Apache-2.0
// One walk over the event's member: of its fields only those that are listed here are told, so that
// a field added later stays untold until somebody decides it.
#include "gateway/wire_event.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/id.h"
#include "client/frame.h"
#include "client/json.h"
#include "whistle/v1/dispatch.pb-c.h"

static const char *const told[] = {
    "task",     "number",   "from",   "into",       "to",         "by",         "unit",
    "verdict",  "outcome",  "method", "decision",   "rating",     "clock",      "level",
    "priority", "until_at", "due_at", "due_report", "due_review", "due_ruling", "due_resolve",
    "reviewed", "auto",     "late",   "supporters", "restored",   "cancelled"};

static bool is_told(const char *name)
{
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (strcmp(told[i], name) == 0)
            return true;
    return false;
}

static void put_fields(json_t *line, const ProtobufCMessage *member, const struct wh_zone *zone)
{
    json_t *all = wh_json_from(member, zone), *value;
    const char *name;
    json_object_foreach(all, name, value)
    {
        if (is_told(name) && json_object_get(line, name) == NULL)
            json_object_set(line, name, value);
    }
    json_decref(all);
}

// The whistle's facts and its tasks, where the event brings them: departments, state of matters.
static void put_tasks(json_t *line, const ProtobufCMessage *member, const char *number)
{
    json_t *all = wh_json_from(member, NULL), *ids, *task;
    size_t i;
    json_t *tasks = json_object_get(all, "tasks");
    if (json_array_size(tasks) > 0 && (ids = json_array()) != NULL) {
        json_array_foreach(tasks, i, task)
        {
            const char *department = json_string_value(json_object_get(task, "department"));
            const char *id = json_string_value(json_object_get(task, "task"));
            if (department != NULL)
                json_array_append_new(ids, json_sprintf("%s-%s", number, department));
            else if (id != NULL)
                json_array_append_new(ids, json_string(id));
        }
        json_object_set_new(line, "tasks", ids);
    }
    json_decref(all);
}

static json_t *line_of(const struct wire_event *how, const Whistle__V1__Event *event,
                       const ProtobufCMessage *member)
{
    char number[WH_NUMBER_MAX] = "", at[WH_RFC3339_MAX] = "";
    int32_t offset = how->zone != NULL ? wh_zone_offset(how->zone, event->at) : 0;
    if (event->object != 0)
        (void)wh_number_format(how->prefix, event->object, number);
    (void)wh_rfc3339_format(event->at, offset, at);
    json_t *line = json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)event->seq, "at", at, "kind",
                             member->descriptor->short_name);
    if (line == NULL)
        return NULL;
    if (*number != '\0')
        json_object_set_new(line, "number", json_string(number));
    if (event->actor != NULL && *event->actor->identity != '\0')
        json_object_set_new(line, "actor", json_string(event->actor->identity));
    put_fields(line, member, how->zone);
    put_tasks(line, member, number);
    return line;
}

// "WhistleDispatched" tells a type; the member's name, "dispatched", the kind.
static const char *kind_of(const ProtobufCMessage *payload, uint32_t field)
{
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field(payload->descriptor, field);
    return found != NULL ? found->name : "";
}

int wire_event_read(const struct wire_event *how, const Whistle__V1__EventRow *row,
                    struct hub_event *ret_event)
{
    const ProtobufCMessage *payload = NULL, *member = NULL;
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, how->arena, row->body.data, row->body.len, NULL);
    if (event != NULL)
        payload = wh_unpack_ample(&whistle__v1__dispatch_event__descriptor, how->arena,
                                  event->payload.data, event->payload.len, NULL);
    uint32_t field = payload != NULL ? wh_oneof_get(payload, &member) : 0;
    if (field == 0)
        return WH_E_PROTOCOL;
    json_t *line = line_of(how, event, member);
    json_object_set_new(line, "kind", json_string(kind_of(payload, field)));
    size_t n = 0;
    char *text = line != NULL ? wh_json_dump(line, &n) : NULL;
    json_decref(line);
    const char *json = text != NULL ? wh_arena_dup(how->arena, text, n) : NULL;
    free(text);
    if (json == NULL)
        return WH_E_NOMEM;
    *ret_event = (struct hub_event){.seq = event->seq,
                                    .object = event->object,
                                    .subjects = event->subjects,
                                    .n_subjects = event->n_subjects,
                                    .kind = kind_of(payload, field),
                                    .json = json,
                                    .n = n};
    return 0;
}
