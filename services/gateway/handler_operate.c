// SPDX-License-Identifier: Apache-2.0
// For operators: every service asked at once how it is and what it could not store. Whoever does
// not answer is named as silent; the others' answers stand.
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "whistle/v1/api.pb-c.h"

static const struct wh_uuid once; // a question: the caller makes an id

// One question to each door, and dispatch's status (place ROUTE_DOORS).
#define PARTS (ROUTE_DOORS + 1)
struct round {
    struct gateway_ask *ask;
    void (*done)(struct gateway_ask *ask, struct round *round);
    size_t waiting;
    struct wh_arena arena;
    struct part {
        struct round *round;
        enum route_door door;
        const char *member; // of the answer
        const ProtobufCMessage *message;
        const char *why;
    } parts[PARTS];
};

static void finish(struct round *round)
{
    if (--round->waiting > 0)
        return;
    round->done(round->ask, round);
    wh_arena_done(&round->arena);
    free(round);
}

static void on_part(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct part *part = arg;
    struct round *round = part->round;
    part->message = api_member(part->door, status, answer, part->member, &round->arena);
    if (status == 0 && answer != NULL && answer->error != NULL)
        part->why = wh_arena_strdup(&round->arena, answer->error->rule);
    finish(round);
}

static struct round *round_new(struct gateway_ask *ask,
                               void (*done)(struct gateway_ask *ask, struct round *round))
{
    struct round *round = calloc(1, sizeof *round);
    if (round == NULL) {
        reply_rule(ask, WH_RULE_TOO_LARGE, NULL, NULL);
        return NULL;
    }
    round->ask = ask;
    round->done = done;
    round->waiting = 1; // until all are asked
    wh_arena_init(&round->arena, API_ARENA);
    return round;
}

static void put(struct round *round, size_t i, enum route_door door, const char *member,
                const ProtobufCMessage *command)
{
    struct part *part = &round->parts[i];
    const struct gateway_call_as as = {.identity = round->ask->caller.identity,
                                       .officer = round->ask->caller.person,
                                       .request_id = once,
                                       .fn = on_part,
                                       .arg = part};
    *part = (struct part){round, door, member, NULL, wh_rule_info(WH_RULE_DOOR_SILENT)->name};
    round->waiting++;
    if (gateway_call_as(round->ask->gateway, door, command, &as) != 0)
        finish(round);
}

// ---- health ------------------------------------------------------------------------------------

static void show_health(struct gateway_ask *ask, struct round *round)
{
    Whistle__V1__ServicesHealth all = WHISTLE__V1__SERVICES_HEALTH__INIT;
    Whistle__V1__ServiceHealth rows[ROUTE_DOORS], *list[ROUTE_DOORS];
    for (int door = DOOR_NONE + 1; door < ROUTE_DOORS; door++) {
        const struct part *part = &round->parts[door];
        Whistle__V1__ServiceHealth *row = &rows[all.n_services];
        whistle__v1__service_health__init(row);
        row->name = (char *)route_door_name((enum route_door)door);
        row->answered = part->message != NULL;
        row->health = (Whistle__V1__Health *)part->message;
        row->why = (char *)(part->message != NULL || part->why == NULL ? "" : part->why);
        list[all.n_services++] = row;
    }
    all.services = list;
    all.status = (Whistle__V1__DispatchStatus *)round->parts[ROUTE_DOORS].message;
    reply_message(ask, 200, &all.base);
}

void on_health(struct gateway_ask *ask)
{
    Whistle__V1__IntakeCommand intake = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__DedupCommand dedup = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__DispatchCommand dispatch = WHISTLE__V1__DISPATCH_COMMAND__INIT, more = dispatch;
    Whistle__V1__GetHealth get = WHISTLE__V1__GET_HEALTH__INIT;
    Whistle__V1__ShowStatus status = WHISTLE__V1__SHOW_STATUS__INIT;
    struct round *round = round_new(ask, show_health);
    if (round == NULL)
        return;
    intake.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_GET_HEALTH;
    dedup.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_GET_HEALTH;
    dispatch.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_GET_HEALTH;
    more.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_STATUS;
    intake.get_health = dedup.get_health = dispatch.get_health = &get;
    more.status = &status;
    put(round, DOOR_INTAKE, DOOR_INTAKE, "health", &intake.base);
    put(round, DOOR_DEDUP, DOOR_DEDUP, "health", &dedup.base);
    put(round, DOOR_DISPATCH, DOOR_DISPATCH, "health", &dispatch.base);
    put(round, ROUTE_DOORS, DOOR_DISPATCH, "status", &more.base);
    finish(round);
}

// ---- dead letters ------------------------------------------------------------------------------

static json_t *with_service(const Whistle__V1__DeadLetter *letter, enum route_door door,
                            const struct wh_zone *zone)
{
    json_t *row = wh_json_from(&letter->base, zone);
    if (row != NULL)
        json_object_set_new(row, "service", json_string(route_door_name(door)));
    return row;
}

static void show_letters(struct gateway_ask *ask, struct round *round)
{
    json_t *rows = json_array(), *silent = json_array();
    for (int door = DOOR_NONE + 1; door < ROUTE_DOORS; door++) {
        const Whistle__V1__DeadLetters *letters = (const void *)round->parts[door].message;
        if (letters == NULL)
            json_array_append_new(silent, json_string(route_door_name((enum route_door)door)));
        for (size_t i = 0; letters != NULL && i < letters->n_rows; i++)
            json_array_append_new(rows, with_service(letters->rows[i], (enum route_door)door,
                                                     gateway_zone(ask->gateway)));
    }
    json_t *all = json_pack("{s:o}", "rows", rows);
    if (json_array_size(silent) > 0)
        json_object_set(all, "silent", silent);
    json_decref(silent);
    reply_json(ask, 200, all);
}

void on_dead_letters(struct gateway_ask *ask)
{
    Whistle__V1__IntakeCommand intake = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__DedupCommand dedup = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__DispatchCommand dispatch = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ListDeadLetters list = WHISTLE__V1__LIST_DEAD_LETTERS__INIT;
    struct round *round = round_new(ask, show_letters);
    if (round == NULL)
        return;
    intake.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_DEAD_LETTERS;
    dedup.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_DEAD_LETTERS;
    dispatch.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_DEAD_LETTERS;
    intake.dead_letters = dedup.dead_letters = dispatch.dead_letters = &list;
    put(round, DOOR_INTAKE, DOOR_INTAKE, "dead_letters", &intake.base);
    put(round, DOOR_DEDUP, DOOR_DEDUP, "dead_letters", &dedup.base);
    put(round, DOOR_DISPATCH, DOOR_DISPATCH, "dead_letters", &dispatch.base);
    finish(round);
}

static const struct {
    enum route_door door;
    const char *name;
} doors_by_name[] = {{DOOR_INTAKE, "intake"}, {DOOR_DEDUP, "dedup"}, {DOOR_DISPATCH, "dispatch"}};

// The door answers with its dead letters' page, or with nothing: it was taken up.
static void on_retried(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__Acted acted = WHISTLE__V1__ACTED__INIT;
    if (status != 0 || answer->error != NULL) {
        api_refuse(ask, status, answer);
        return;
    }
    acted.ref = (char *)api_capture(ask, 1);
    acted.feed = (char *)api_capture(ask, 0);
    reply_message(ask, 200, &acted.base);
}

static enum route_door door_named(struct wh_str name)
{
    for (size_t i = 0; i < sizeof doors_by_name / sizeof doors_by_name[0]; i++) {
        if (wh_str_eq(name, wh_str(doors_by_name[i].name)))
            return doors_by_name[i].door;
    }
    return DOOR_NONE;
}

void on_dead_letter_retry(struct gateway_ask *ask)
{
    enum route_door door = door_named(ask->found.captures[0]);
    const ProtobufCMessageDescriptor *type = route_command(door);
    const char *id = api_capture(ask, 1);
    char *end = NULL;
    long long number = id != NULL ? strtoll(id, &end, 10) : 0;
    struct wh_wire_fault fault = {0};
    if (type == NULL || number <= 0 || *end != '\0') {
        reply_rule(ask, WH_RULE_NOT_FOUND, type == NULL ? "service" : "id", NULL);
        return;
    }
    json_t *json = json_pack("{s:{s:I}}", "retry_dead_letter", "id", (json_int_t)number);
    const ProtobufCMessage *command = wh_json_to(type, json, ask->arena, &fault);
    json_decref(json);
    int status =
        command != NULL ? gateway_call(ask, door, command, once, on_retried) : WH_E_NOTFOUND;
    if (command == NULL)
        reply_rule(ask, WH_RULE_NOT_FOUND, "service", NULL); // intake follows nobody: it has none
    else if (status != 0)
        reply_silent(ask, status);
}
