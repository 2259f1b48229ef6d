// SPDX-License-Identifier: Apache-2.0
// Messages as JSON schemas, by the same three rules in which client/json.h differs from protobuf's
// own JSON: enums without prefix, int64 as numbers, times as RFC 3339. See view_openapi.h.
#include <stdlib.h>
#include <string.h>

#include "client/json_names.h"
#include "gateway/view_openapi.h"

static const struct note {
    const char *name, *text;
} notes[] = {
#include "gateway/notes.inc"
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct note *)a)->name, ((const struct note *)b)->name);
}

static void describe(json_t *schema, const char *name)
{
    struct note key = {.name = name};
    const struct note *note =
        bsearch(&key, notes, sizeof notes / sizeof notes[0], sizeof notes[0], by_name);
    if (note != NULL)
        json_object_set_new(schema, "description", json_string(note->text));
}

static json_t *reference(const char *name)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", name);
}

static json_t *enumeration(json_t *schemas, const ProtobufCEnumDescriptor *type)
{
    char prefix[96];
    size_t n = wh_json_enum_prefix(type, prefix, sizeof prefix);
    if (json_object_get(schemas, type->short_name) != NULL)
        return reference(type->short_name);
    json_t *schema = json_pack("{s:s}", "type", "string"), *values = json_array();
    describe(schema, type->short_name);
    for (unsigned i = 0; i < type->n_values; i++) {
        if (type->values[i].value != 0) // UNSPECIFIED is said by saying nothing
            json_array_append_new(values, json_string(type->values[i].name + n));
    }
    json_object_set_new(schema, "enum", values);
    json_object_set_new(schemas, type->short_name, schema);
    return reference(type->short_name);
}

static json_t *value(json_t *schemas, const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return json_pack("{s:s}", "type", "string");
    case PROTOBUF_C_TYPE_BYTES:
        return json_pack("{s:s, s:s}", "type", "string", "contentEncoding", "base64");
    case PROTOBUF_C_TYPE_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_pack("{s:s}", "type", "number");
    case PROTOBUF_C_TYPE_ENUM:
        return enumeration(schemas, field->descriptor);
    case PROTOBUF_C_TYPE_MESSAGE:
        return openapi_schema(schemas, field->descriptor);
    case PROTOBUF_C_TYPE_INT64:
        if (wh_json_is_time(field))
            return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
        return json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
    default:
        return json_pack("{s:s, s:s}", "type", "integer", "format", "int32");
    }
}

json_t *openapi_field(json_t *schemas, const ProtobufCFieldDescriptor *field)
{
    json_t *one = value(schemas, field);
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return one;
    return json_pack("{s:s, s:o}", "type", "array", "items", one);
}

json_t *openapi_schema(json_t *schemas, const ProtobufCMessageDescriptor *type)
{
    if (json_object_get(schemas, type->short_name) != NULL)
        return reference(type->short_name);
    json_t *schema = json_pack("{s:s}", "type", "object"), *properties = json_object();
    describe(schema, type->short_name);
    json_object_set_new(schema, "properties", properties);
    json_object_set_new(schemas, type->short_name, schema);
    for (unsigned i = 0; i < type->n_fields; i++)
        json_object_set_new(properties, type->fields[i].name,
                            openapi_field(schemas, &type->fields[i]));
    return reference(type->short_name);
}
