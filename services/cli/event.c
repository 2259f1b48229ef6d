// SPDX-License-Identifier: Apache-2.0
// Opening events of the feeds this program knows.
#include "cli/event.h"

#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "client/json.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/gateway.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define EVENT_BYTES (32u << 20)

void event_reader_init(struct event_reader *reader, const char *feed)
{
    static const struct {
        const char *feed;
        const ProtobufCMessageDescriptor *payload;
    } feeds[] = {
        {"intake", &whistle__v1__intake_event__descriptor},
        {"p1", &whistle__v1__intake_event__descriptor},
        {"dedup", &whistle__v1__dedup_event__descriptor},
        {"urgent", &whistle__v1__dedup_event__descriptor},
        {"dispatch", &whistle__v1__dispatch_event__descriptor},
        {"ends", &whistle__v1__dispatch_event__descriptor},
        {"notices", &whistle__v1__dispatch_event__descriptor},
        {"gateway", &whistle__v1__gateway_event__descriptor},
    };
    wh_arena_init(&reader->arena, EVENT_BYTES);
    reader->payload = NULL;
    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++)
        if (strcmp(feeds[i].feed, feed) == 0)
            reader->payload = feeds[i].payload;
}

void event_reader_done(struct event_reader *reader)
{
    wh_arena_done(&reader->arena);
}

int event_read(struct event_reader *reader, const Whistle__V1__EventRow *row,
               struct event_view *ret_view)
{
    struct event_view view = {.kind = ""};
    wh_arena_reset(&reader->arena);
    view.event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, &reader->arena, row->body.data, row->body.len, NULL);
    if (!view.event)
        return -1;
    if (reader->payload) {
        view.payload = wh_unpack_ample(reader->payload, &reader->arena, view.event->payload.data,
                                       view.event->payload.len, NULL);
        if (!view.payload || !wh_oneof_get(view.payload, &view.member))
            return -1;
        view.kind = view.member->descriptor->short_name;
    }
    *ret_view = view;
    return 0;
}

void event_number(struct cli *cli, int64_t object, char ret_number[WH_NUMBER_MAX])
{
    const Whistle__V1__District *district = names_district(cli);
    ret_number[0] = '\0';
    if (object)
        wh_number_format(district ? district->number_prefix : "W", object, ret_number);
}

json_t *event_json(struct cli *cli, const char *feed, const struct event_view *view)
{
    char number[WH_NUMBER_MAX];
    event_number(cli, view->event->object, number);
    json_t *line = must(json_pack("{s:s, s:I, s:I}", "feed", feed, "seq",
                                  (json_int_t)view->event->seq, "at", (json_int_t)view->event->at));
    if (*number)
        json_object_set_new(line, "number", json_string(number));
    json_object_set_new(line, "kind", json_string(view->kind));
    if (view->event->actor && *view->event->actor->identity)
        json_object_set_new(line, "actor",
                            wh_json_from(&view->event->actor->base, names_zone(cli)));
    if (view->payload)
        json_object_set_new(line, "event", wh_json_from(view->payload, names_zone(cli)));
    return line;
}
