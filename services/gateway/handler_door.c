// SPDX-License-Identifier: Apache-2.0
// Rows that are a door's command as it stands: request to command, Idempotency-Key to request id,
// the door's answer to an answer. The door decides; nothing is decided here but whether the request
// is well-formed and still about what its sender saw (If-Match).
#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "gateway/handler_object.h"
#include "gateway/idempotency.h"
#include "gateway/store_key.h"
#include "whistle/v1/api.pb-c.h"

#include <stdio.h>
#include <string.h>

struct door_ask {
    json_t *json; // the command
    struct wh_uuid id;
};

static void end(struct gateway_ask *ask)
{
    struct door_ask *door = ask->data;
    json_decref(door->json);
    door->json = NULL;
}

// ---- answers -----------------------------------------------------------------------------------

// The cursor of the message's page, "" none.
static const char *cursor_of(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "cursor");
    const char *cursor = "";
    if (field != NULL && field->type == PROTOBUF_C_TYPE_STRING)
        memcpy(&cursor, (const uint8_t *)message + field->offset, sizeof cursor);
    return cursor != NULL ? cursor : "";
}

static void answer_done(struct gateway_ask *ask, const Whistle__V1__Done *done)
{
    Whistle__V1__Acted acted = WHISTLE__V1__ACTED__INIT;
    acted.ref = done->ref;
    acted.state = done->state;
    acted.feed = done->feed;
    acted.seq = done->seq;
    acted.at = done->at;
    acted.request_id = (char *)(ask->request_id != NULL ? ask->request_id : "");
    object_changed(ask->gateway, done->ref);
    if (ask->route->created != NULL) {
        size_t room = strlen(ask->route->created) + strlen(done->ref) + 1;
        char *location = wh_arena_alloc(ask->arena, room);
        if (location != NULL) {
            (void)snprintf(location, room, "%s%s", ask->route->created, done->ref);
            reply_header(ask, "Location", location);
        }
    }
    reply_message(ask, ask->route->created != NULL ? 201 : 200, &acted.base);
}

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    end(ask);
    if (status == 0 && answer->done != NULL && answer->error == NULL) {
        answer_done(ask, answer->done);
        return;
    }
    wh_arena_init(&arena, API_ARENA);
    const ProtobufCMessage *message =
        api_member(ask->route->door, status, answer, ask->route->answer, &arena);
    if (message != NULL) {
        api_next_page(ask, cursor_of(message));
        reply_message(ask, 200, message);
    } else {
        api_refuse(ask, status, answer);
    }
    wh_arena_done(&arena);
}

// ---- asking ------------------------------------------------------------------------------------

static void ask_door(struct gateway_ask *ask)
{
    struct door_ask *door = ask->data;
    struct wh_wire_fault fault;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    ProtobufCMessage *command = wire_api_command(ask->route, door->json, &arena, &fault);
    if (command == NULL) {
        end(ask);
        reply_fault(ask, &fault);
    } else {
        int status = gateway_call(ask, ask->route->door, command, door->id, on_answer);
        if (status != 0) {
            end(ask);
            reply_silent(ask, status);
        }
    }
    wh_arena_done(&arena);
}

static void know_id(struct gateway_ask *ask, const uint8_t hash[IDEMPOTENCY_HASH], int64_t at)
{
    struct door_ask *door = ask->data;
    char *text = wh_arena_alloc(ask->arena, WH_UUID_CHARS + 1);
    door->id = idempotency_id(hash, at);
    if (text != NULL)
        wh_uuid_format(door->id, text);
    ask->request_id = text;
    ask_door(ask);
}

// The principal, as keys are told apart: a person at any of their posts, a program by its key.
static const char *principal(const struct gateway_ask *ask)
{
    const struct caller *caller = &ask->caller;
    const char *of = caller->kind == CALLER_PERSON ? caller->person : caller->key;
    size_t room = strlen(of) + strlen(caller->identity) + 8;
    char *text = wh_arena_alloc(ask->arena, room);
    if (text == NULL)
        return of;
    (void)snprintf(text, room, "%s %s %s", caller->kind == CALLER_PERSON ? "person" : "key", of,
                   caller->identity);
    return text;
}

static void hash_of(const struct gateway_ask *ask, const char *key,
                    uint8_t ret_hash[IDEMPOTENCY_HASH])
{
    uint8_t secret[32];
    gateway_subkey(ask->gateway, "idempotency", secret);
    idempotency_hash(secret, principal(ask), key, ret_hash);
}

static void on_seen(void *arg, int status, int64_t at)
{
    struct gateway_ask *ask = arg;
    uint8_t hash[IDEMPOTENCY_HASH];
    if (status != 0) {
        end(ask);
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
        return;
    }
    hash_of(ask, http_header_get(ask->request, "Idempotency-Key"), hash);
    know_id(ask, hash, at);
}

static void by_key(struct gateway_ask *ask, const char *key)
{
    uint8_t hash[IDEMPOTENCY_HASH];
    int64_t at, now = wh_wall_now();
    hash_of(ask, key, hash);
    if (idempotency_own_time(key, now, &at)) {
        know_id(ask, hash, at);
    } else if (keys_first_seen(ask->gateway->keys, hash, now, on_seen, ask) != 0) {
        end(ask);
        reply_rule(ask, WH_RULE_BUSY_DATABASE, NULL, NULL);
    }
}

static void identify(struct gateway_ask *ask)
{
    const char *key = http_header_get(ask->request, "Idempotency-Key");
    enum wh_rule rule = WH_RULE_NONE;
    if (key != NULL && !idempotency_good(key))
        rule = WH_RULE_KEY_FORMAT;
    else if (key == NULL && ask->caller.kind == CALLER_KEY)
        rule = WH_RULE_KEY_MISSING;
    if (rule != WH_RULE_NONE) {
        end(ask);
        reply_rule(ask, rule, "Idempotency-Key", NULL);
    } else if (key != NULL) {
        by_key(ask, key);
    } else {
        ask_door(ask); // one try: the caller makes an id
    }
}

static void on_object(struct gateway_ask *ask, struct http_buffer *body, const char *etag)
{
    (void)body;
    if (reply_etag_in(http_header_get(ask->request, "If-Match"), etag, false)) {
        identify(ask);
        return;
    }
    end(ask);
    reply_rule(ask, WH_RULE_MATCH_FAILED, "If-Match", NULL);
}

static void act(struct gateway_ask *ask)
{
    const char *match = http_header_get(ask->request, "If-Match");
    if (!route_acts(ask->route))
        ask_door(ask);
    else if (match != NULL && ask->found.n_captures > 0)
        object_read(ask, on_object, end);
    else
        identify(ask);
}

void on_door(struct gateway_ask *ask)
{
    struct wire_api wire = api_wire(ask);
    struct wh_wire_fault fault;
    const char *officer = "";
    struct door_ask *door = wh_arena_calloc(ask->arena, 1, sizeof *door);
    ask->data = door;
    if (door == NULL) {
        reply_rule(ask, WH_RULE_TOO_LARGE, NULL, NULL);
        return;
    }
    door->json = wire_api_json(&wire, &officer, &fault);
    if (door->json == NULL) {
        reply_fault(ask, &fault);
        return;
    }
    if (ask->caller.kind == CALLER_KEY)
        ask->caller.person = officer;
    enum wh_rule rule = ask->route->district ? district_complete(ask, door->json) : WH_RULE_NONE;
    if (rule != WH_RULE_NONE) {
        end(ask);
        reply_rule(ask, rule, NULL, NULL);
        return;
    }
    act(ask);
}
