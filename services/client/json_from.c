// SPDX-License-Identifier: Apache-2.0
// Messages to JSON: one walk over the descriptor in the order of its fields. What is unset, empty
// or zero is absent, except a set member of a oneof, whose presence is the point of it.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "client/json_names.h"

static json_t *from_time(int64_t at, const struct wh_zone *zone)
{
    char text[WH_RFC3339_MAX];

    if (wh_rfc3339_format(at, zone ? wh_zone_offset(zone, at) : 0, text) < 0)
        return json_integer(at);
    return json_string(text);
}

static json_t *from_enum(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    char prefix[96];
    size_t n = wh_json_enum_prefix(type, prefix, sizeof(prefix));

    if (!known)
        return json_integer(value);
    if (strncmp(known->name, prefix, n) != 0)
        n = 0;
    return json_string(known->name + n);
}

static json_t *from_bytes(const ProtobufCBinaryData *bytes)
{
    size_t room = sodium_base64_encoded_len(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    json_t *json = NULL;

    if (!text)
        return NULL;
    sodium_bin2base64(text, room, bytes->data, bytes->len, sodium_base64_VARIANT_ORIGINAL);
    json = json_string(text);
    free(text);
    return json;
}

static json_t *from_number(const ProtobufCFieldDescriptor *field, const void *value)
{
    union {
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        float f;
        double d;
    } v;

    memcpy(&v, value, wh_json_element_size(field->type));
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(v.i32);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(v.u32);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)v.f);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(v.d);
    case PROTOBUF_C_TYPE_ENUM:
        return from_enum(field->descriptor, v.i32);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(v.i32);
    default:
        return json_integer(v.i64);
    }
}

static json_t *from_value(const ProtobufCFieldDescriptor *field, const void *value,
                          const struct wh_zone *zone)
{
    const void *pointer;
    int64_t at;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&pointer, value, sizeof(pointer));
        return json_string(pointer ? pointer : "");
    case PROTOBUF_C_TYPE_MESSAGE:
        memcpy(&pointer, value, sizeof(pointer));
        return wh_json_from(pointer, zone);
    case PROTOBUF_C_TYPE_BYTES:
        return from_bytes(value);
    default:
        break;
    }
    if (!wh_json_is_time(field))
        return from_number(field, value);
    memcpy(&at, value, sizeof(at));
    return from_time(at, zone);
}

// Whether a singular field outside any oneof says nothing.
static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const uint8_t zero[8];
    const char *pointer;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        memcpy(&pointer, value, sizeof(pointer));
        return !pointer || !pointer[0];
    case PROTOBUF_C_TYPE_MESSAGE:
        memcpy(&pointer, value, sizeof(pointer));
        return !pointer;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    default:
        return memcmp(value, zero, wh_json_element_size(field->type)) == 0;
    }
}

static json_t *from_repeated(const ProtobufCFieldDescriptor *field, const uint8_t *elements,
                             size_t n, const struct wh_zone *zone)
{
    size_t size = wh_json_element_size(field->type);
    json_t *array = json_array();

    for (size_t i = 0; array && i < n; i++) {
        if (json_array_append_new(array, from_value(field, elements + i * size, zone)) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

// Sets *ret_json to NULL where the field is absent. False without memory.
static bool from_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       const struct wh_zone *zone, json_t **ret_json)
{
    const uint8_t *base = (const uint8_t *)message;
    const uint8_t *value = base + field->offset;
    size_t n;
    uint32_t set;

    *ret_json = NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        const uint8_t *elements;

        memcpy(&n, base + field->quantifier_offset, sizeof(n));
        if (!n)
            return true;
        memcpy(&elements, value, sizeof(elements));
        *ret_json = from_repeated(field, elements, n, zone);
        return *ret_json != NULL;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        memcpy(&set, base + field->quantifier_offset, sizeof(set));
        if (set != field->id)
            return true;
    } else if (is_default(field, value)) {
        return true;
    }
    *ret_json = from_value(field, value, zone);
    return *ret_json != NULL;
}

json_t *wh_json_from(const ProtobufCMessage *message, const struct wh_zone *zone)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    json_t *object = json_object(), *json;

    for (unsigned i = 0; object && i < type->n_fields; i++) {
        bool good = from_field(message, &type->fields[i], zone, &json);

        if (good && !json)
            continue;
        if (!good || json_object_set_new(object, type->fields[i].name, json) < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
