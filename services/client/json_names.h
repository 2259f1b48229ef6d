// SPDX-License-Identifier: Apache-2.0
// The three rules in which our JSON differs from protobuf's own: enum values without their prefix,
// int64 as numbers, times as RFC 3339. What both directions must agree on stands here.
#ifndef WH_CLIENT_JSON_NAMES_H
#define WH_CLIENT_JSON_NAMES_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

// An int64 field whose name ends in _at or begins with due_.
bool wh_json_is_time(const ProtobufCFieldDescriptor *field);
// "CheckInMethod" gives "CHECK_IN_METHOD_"; its length, 0 where it does not fit.
size_t wh_json_enum_prefix(const ProtobufCEnumDescriptor *type, char *ret_prefix, size_t n);
// Bytes of one element in memory.
size_t wh_json_element_size(ProtobufCType type);

#endif
