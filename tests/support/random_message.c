// SPDX-License-Identifier: Apache-2.0
// Random messages by walking descriptors; see random_message.h.
#include "random_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "client/json_names.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

const ProtobufCMessageDescriptor *const root_types[] = {
    &whistle__v1__frame__descriptor,           &whistle__v1__event__descriptor,
    &whistle__v1__intake_command__descriptor,  &whistle__v1__intake_answer__descriptor,
    &whistle__v1__intake_event__descriptor,    &whistle__v1__dispatch_command__descriptor,
    &whistle__v1__dispatch_answer__descriptor, &whistle__v1__dispatch_event__descriptor,
    &whistle__v1__place__descriptor,           &whistle__v1__need__descriptor,
    &whistle__v1__district__descriptor,
};
const size_t n_root_types = sizeof(root_types) / sizeof(root_types[0]);

static const char *const *known_words;
static size_t n_known_words;

void random_words(const char *const *words, size_t n)
{
    known_words = words;
    n_known_words = n;
}

uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717ULL;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
    return random_next(state) % n;
}

static void *must(void *pointer)
{
    if (!pointer) {
        fprintf(stderr, "random_message: arena too small\n");
        abort();
    }
    return pointer;
}

static char *random_text(struct wh_arena *arena, uint64_t *state)
{
    static const char *const pieces[] = {"吹哨", "报到", "a", "Z9", "\"", "\\",   "\n",   "\t",
                                         "é",    "😀",    "/", " ",  "<",  "\x7f", "\x01", "煤气"};
    size_t n = 1 + below(state, 8);
    char *text;

    if (n_known_words && below(state, 2))
        return must(wh_arena_strdup(arena, known_words[below(state, n_known_words)]));
    text = must(wh_arena_calloc(arena, 1, 4 * n + 8));
    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[below(state, sizeof(pieces) / sizeof(pieces[0]))];

        if (strlen(text) + strlen(piece) < 4 * n + 8)
            strcat(text, piece);
    }
    return text;
}

static int64_t random_int(uint64_t *state, int64_t low, int64_t high)
{
    switch (below(state, 4)) {
    case 0:
        return low;
    case 1:
        return high;
    case 2:
        return (int64_t)below(state, 1000) + 1;
    default:
        return (int64_t)((uint64_t)low + below(state, (uint64_t)high - (uint64_t)low));
    }
}

static double random_double(uint64_t *state)
{
    static const double some[] = {0.1, 39.9042, 116.4074, -0.5, 1e300, 5e-324, 3, 1e22};

    if (below(state, 2))
        return some[below(state, sizeof(some) / sizeof(some[0]))];
    return (double)(int64_t)random_next(state) / 1e15;
}

static void set_value(const ProtobufCFieldDescriptor *field, void *slot, struct wh_arena *arena,
                      uint64_t *state)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    ProtobufCBinaryData bytes;
    void *pointer;
    int64_t number;
    double real;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        pointer = random_text(arena, state);
        memcpy(slot, &pointer, sizeof(pointer));
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        pointer = random_message(field->descriptor, arena, state);
        memcpy(slot, &pointer, sizeof(pointer));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        bytes.len = 1 + below(state, 40);
        bytes.data = must(wh_arena_alloc(arena, bytes.len));
        for (size_t i = 0; i < bytes.len; i++)
            bytes.data[i] = (uint8_t)random_next(state);
        memcpy(slot, &bytes, sizeof(bytes));
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        real = random_double(state);
        memcpy(slot, &real, sizeof(real));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        number = 1;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        number = type->values[1 + below(state, type->n_values - 1)].value;
        break;
    case PROTOBUF_C_TYPE_INT32:
        number = random_int(state, INT32_MIN, INT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
        number = wh_json_is_time(field) ? random_int(state, WH_TIME_MIN, WH_TIME_MAX)
                                        : random_int(state, INT64_MIN, INT64_MAX);
        break;
    default:
        fprintf(stderr, "random_message: teach me the type of %s\n", field->name);
        abort();
    }
    memcpy(slot, &number, wh_json_element_size(field->type));
}

static void set_repeated(const ProtobufCFieldDescriptor *field, uint8_t *base,
                         struct wh_arena *arena, uint64_t *state)
{
    size_t n = 1 + below(state, 3), size = wh_json_element_size(field->type);
    uint8_t *elements = must(wh_arena_calloc(arena, n, size));

    for (size_t i = 0; i < n; i++)
        set_value(field, elements + i * size, arena, state);
    memcpy(base + field->quantifier_offset, &n, sizeof(n));
    memcpy(base + field->offset, &elements, sizeof(elements));
}

// One member of every oneof is enough; the choice among many is made by their number.
static bool skip_member(const ProtobufCMessageDescriptor *type,
                        const ProtobufCFieldDescriptor *field, const uint8_t *base, uint64_t *state)
{
    uint32_t set;
    unsigned members = 0;

    memcpy(&set, base + field->quantifier_offset, sizeof(set));
    for (unsigned i = 0; i < type->n_fields; i++)
        members += (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                   type->fields[i].quantifier_offset == field->quantifier_offset;
    return set || (members > 1 && below(state, members / 2 + 1));
}

ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                                 uint64_t *state)
{
    uint8_t *base = must(wh_arena_calloc(arena, 1, type->sizeof_message));

    protobuf_c_message_init(type, base);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
            if (skip_member(type, field, base, state))
                continue;
            memcpy(base + field->quantifier_offset, &field->id, sizeof(field->id));
        } else if (below(state, 2)) {
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            set_repeated(field, base, arena, state);
        else
            set_value(field, base + field->offset, arena, state);
    }
    return (ProtobufCMessage *)base;
}
