// SPDX-License-Identifier: Apache-2.0
// What reading and writing JSON must agree on; see json_names.h.
#include "client/json_names.h"

#include <string.h>

bool wh_json_is_time(const ProtobufCFieldDescriptor *field)
{
    size_t n = strlen(field->name);

    if (field->type != PROTOBUF_C_TYPE_INT64)
        return false;
    return strncmp(field->name, "due_", 4) == 0 ||
           (n > 3 && strcmp(field->name + n - 3, "_at") == 0);
}

static char upper(char c)
{
    static const char low[] = "abcdefghijklmnopqrstuvwxyz", high[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *at = c ? strchr(low, c) : NULL;

    if (at)
        c = high[at - low];
    return c;
}

size_t wh_json_enum_prefix(const ProtobufCEnumDescriptor *type, char *ret_prefix, size_t n)
{
    size_t used = 0;

    for (const char *c = type->short_name; *c; c++) {
        if (used + 4 > n)
            return 0;
        if (*c >= 'A' && *c <= 'Z' && c != type->short_name)
            ret_prefix[used++] = '_';
        ret_prefix[used++] = upper(*c);
    }
    ret_prefix[used++] = '_';
    ret_prefix[used] = '\0';
    return used;
}

size_t wh_json_element_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 8;
    }
}
