// SPDX-License-Identifier: Apache-2.0
// JSON to messages, strictly: every member must be a field of the type, of the right kind and in
// range. The fault names the field by its dotted path. Everything lands in the caller's arena.
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client/copy.h"
#include "client/json.h"
#include "client/json_names.h"

#define MAX_DEPTH 12
#define MAX_ELEMENTS 4096

struct walk {
    struct wh_arena *arena;
    struct wh_wire_fault *fault;
    const char *path[MAX_DEPTH + 1];
    int depth;
};

static bool fail(struct walk *walk, const char *name, enum wh_rule rule)
{
    struct wh_wire_fault *fault = walk->fault;
    size_t n = 0, room = sizeof(fault->field);

    if (!fault)
        return false;
    fault->rule = rule;
    fault->field[0] = '\0';
    for (int i = 0; i < walk->depth && n < room; i++)
        n += (size_t)snprintf(fault->field + n, room - n, "%s%s", i ? "." : "", walk->path[i]);
    if (name && n < room)
        n += (size_t)snprintf(fault->field + n, room - n, "%s%s", n ? "." : "", name);
    if (n >= room) // a name from outside may have been cut inside a character
        fault->field[wh_utf8_cut(fault->field, strlen(fault->field), room - 1)] = '\0';
    return false;
}

static ProtobufCMessage *to_message(struct walk *walk, const ProtobufCMessageDescriptor *type,
                                    const json_t *json);

// ---- scalars --------------------------------------------------------------------------------

static bool to_int(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                   void *slot)
{
    json_int_t value = json_integer_value(json);
    int64_t low = INT64_MIN, high = INT64_MAX;
    size_t size = wh_json_element_size(field->type);

    if (!json_is_integer(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        low = INT32_MIN, high = INT32_MAX;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        low = 0, high = UINT32_MAX;
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        low = 0;
        break;
    default:
        break;
    }
    if (value < low || value > high)
        return fail(walk, field->name, WH_RULE_FIELD_RANGE);
    memcpy(slot, &value, size); // little endian, as everywhere we run; see the assertion below
    return true;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "to_int copies the low bytes");

static bool to_time(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                    void *slot)
{
    int64_t at;

    if (!json_is_string(json) || wh_rfc3339_parse(json_string_value(json), &at) < 0)
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    memcpy(slot, &at, sizeof(at));
    return true;
}

static bool to_enum(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                    void *slot)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const ProtobufCEnumValue *known;
    char name[192];
    size_t n = wh_json_enum_prefix(type, name, sizeof(name));

    if (!json_is_string(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    if (json_string_length(json) >= sizeof(name) - n)
        return fail(walk, field->name, WH_RULE_FIELD_ENUM);
    copy_text(name + n, sizeof(name) - n, json_string_value(json));
    known = protobuf_c_enum_descriptor_get_value_by_name(type, name);
    if (!known || known->value == 0) // UNSPECIFIED is said by saying nothing
        return fail(walk, field->name, WH_RULE_FIELD_ENUM);
    memcpy(slot, &known->value, sizeof(known->value));
    return true;
}

static bool to_real(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                    void *slot)
{
    double value = json_number_value(json);
    float less = (float)value;

    if (!json_is_number(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    if (!isfinite(value) || (field->type == PROTOBUF_C_TYPE_FLOAT && !isfinite(less)))
        return fail(walk, field->name, WH_RULE_FIELD_RANGE);
    if (field->type == PROTOBUF_C_TYPE_FLOAT)
        memcpy(slot, &less, sizeof(less));
    else
        memcpy(slot, &value, sizeof(value));
    return true;
}

static bool to_string(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                      void *slot)
{
    size_t n = json_string_length(json);
    char *text;

    if (!json_is_string(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    if (memchr(json_string_value(json), 0, n))
        return fail(walk, field->name, WH_RULE_FIELD_NUL);
    text = wh_arena_dup(walk->arena, json_string_value(json), n);
    if (!text)
        return fail(walk, field->name, WH_RULE_TOO_LARGE);
    memcpy(slot, &text, sizeof(text));
    return true;
}

static bool to_bytes(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                     void *slot)
{
    ProtobufCBinaryData bytes = {0};
    size_t n = json_string_length(json);

    if (!json_is_string(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    bytes.data = wh_arena_alloc(walk->arena, n / 4 * 3 + 4);
    if (!bytes.data)
        return fail(walk, field->name, WH_RULE_TOO_LARGE);
    if (sodium_base642bin(bytes.data, n / 4 * 3 + 4, json_string_value(json), n, NULL, &bytes.len,
                          NULL, sodium_base64_VARIANT_ORIGINAL) < 0)
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    memcpy(slot, &bytes, sizeof(bytes));
    return true;
}

// ---- fields ---------------------------------------------------------------------------------

static bool to_sub(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                   void *slot)
{
    ProtobufCMessage *message;

    if (walk->depth == MAX_DEPTH)
        return fail(walk, field->name, WH_RULE_FIELD_COUNT);
    walk->path[walk->depth++] = field->name;
    message = to_message(walk, field->descriptor, json);
    walk->depth--;
    memcpy(slot, &message, sizeof(void *));
    return message != NULL;
}

static bool to_value(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                     void *slot)
{
    protobuf_c_boolean truth = json_is_true(json);

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return to_string(walk, field, json, slot);
    case PROTOBUF_C_TYPE_BYTES:
        return to_bytes(walk, field, json, slot);
    case PROTOBUF_C_TYPE_MESSAGE:
        return to_sub(walk, field, json, slot);
    case PROTOBUF_C_TYPE_ENUM:
        return to_enum(walk, field, json, slot);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return to_real(walk, field, json, slot);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
        memcpy(slot, &truth, sizeof(truth));
        return true;
    default:
        return wh_json_is_time(field) ? to_time(walk, field, json, slot)
                                      : to_int(walk, field, json, slot);
    }
}

static bool to_repeated(struct walk *walk, const ProtobufCFieldDescriptor *field,
                        const json_t *json, uint8_t *base)
{
    size_t n = json_array_size(json), size = wh_json_element_size(field->type);
    uint8_t *elements;

    if (!json_is_array(json))
        return fail(walk, field->name, WH_RULE_FIELD_FORMAT);
    if (n > MAX_ELEMENTS)
        return fail(walk, field->name, WH_RULE_FIELD_COUNT);
    if (!n)
        return true;
    elements = wh_arena_calloc(walk->arena, n, size);
    if (!elements)
        return fail(walk, field->name, WH_RULE_TOO_LARGE);
    for (size_t i = 0; i < n; i++) {
        if (!to_value(walk, field, json_array_get(json, i), elements + i * size))
            return false;
    }
    memcpy(base + field->quantifier_offset, &n, sizeof(n));
    memcpy(base + field->offset, &elements, sizeof(elements));
    return true;
}

static bool to_field(struct walk *walk, const ProtobufCFieldDescriptor *field, const json_t *json,
                     uint8_t *base)
{
    uint32_t set;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return to_repeated(walk, field, json, base);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        memcpy(&set, base + field->quantifier_offset, sizeof(set));
        if (set) // two of which only one may be given
            return fail(walk, field->name, WH_RULE_FIELD_COUNT);
        memcpy(base + field->quantifier_offset, &field->id, sizeof(set));
    }
    return to_value(walk, field, json, base + field->offset);
}

static ProtobufCMessage *to_message(struct walk *walk, const ProtobufCMessageDescriptor *type,
                                    const json_t *json)
{
    ProtobufCMessage *message;
    const char *name;
    json_t *member;

    if (!json_is_object(json)) {
        fail(walk, NULL, WH_RULE_FIELD_FORMAT);
        return NULL;
    }
    message = wh_arena_calloc(walk->arena, 1, type->sizeof_message);
    if (!message) {
        fail(walk, NULL, WH_RULE_TOO_LARGE);
        return NULL;
    }
    protobuf_c_message_init(type, message);
    json_object_foreach((json_t *)json, name, member)
    {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(type, name);

        if (!field) {
            fail(walk, name, WH_RULE_FIELD_UNKNOWN);
            return NULL;
        }
        if (!to_field(walk, field, member, (uint8_t *)message))
            return NULL;
    }
    return message;
}

ProtobufCMessage *wh_json_to(const ProtobufCMessageDescriptor *type, const json_t *json,
                             struct wh_arena *arena, struct wh_wire_fault *ret_fault)
{
    struct walk walk = {.arena = arena, .fault = ret_fault};

    return to_message(&walk, type, json);
}
