// SPDX-License-Identifier: Apache-2.0
// What a peer may send: any bytes as Frame, as intake's and dispatch's commands and events, and on
// the way to JSON and back. Nothing may crash, read outside its bytes or pass the arena's cap; what
// the walk accepts must unpack, and pack again to bytes that mean the same.
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "client/json.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &whistle__v1__frame__descriptor,
    &whistle__v1__intake_command__descriptor,
    &whistle__v1__dispatch_command__descriptor,
    &whistle__v1__event__descriptor,
    &whistle__v1__intake_event__descriptor,
    &whistle__v1__dispatch_event__descriptor,
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void must(int good)
{
    if (!good)
        abort();
}

// Packed once more the bytes must be the same: unknown fields stay, order settles with the first.
static void repack(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message,
                   struct wh_arena *arena)
{
    struct wh_wire_fault fault;
    const ProtobufCMessage *again;
    uint8_t *one, *other;
    size_t n, m;

    one = wh_pack(message, arena, &n);
    if (!one)
        return;
    again = wh_unpack(type, arena, one, n, &fault);
    if (!again) {
        must(fault.rule == WH_RULE_TOO_LARGE); // only for want of room in the arena
        return;
    }
    other = wh_pack(again, arena, &m);
    must(!other || (n == m && memcmp(one, other, n) == 0));
}

static void through_json(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *message,
                         struct wh_arena *arena)
{
    json_t *json = wh_json_from(message, NULL);
    char *text;

    if (!json)
        return;
    text = wh_json_dump(json, NULL);
    must(text != NULL);
    wh_json_to(type, json, arena, NULL);
    free(text);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct wh_arena arena;
    struct wh_wire_fault fault;
    const ProtobufCMessageDescriptor *type;
    ProtobufCMessage *message;

    if (!n)
        return 0;
    type = types[data[0] % N_TYPES];
    // a small cap now and then, so that every allocation is the one that fails
    wh_arena_init(&arena, data[0] & 0x80 ? (size_t)(data[0] & 0x7f) * 64 : 1 << 20);
    message = wh_unpack(type, &arena, data + 1, n - 1, &fault);
    if (message) {
        repack(type, message, &arena);
        through_json(type, message, &arena);
    } else {
        must(fault.rule != WH_RULE_NONE);
        must(memchr(fault.field, 0, sizeof(fault.field)) != NULL);
    }
    wh_arena_done(&arena);
    return 0;
}
