// SPDX-License-Identifier: Apache-2.0
// protobuf ↔ JSON by one walk over the descriptors: field names as in the .proto, enums without
// their prefix, int64 as numbers, fields ending in _at or beginning with due_ as RFC 3339 with
// offset, bytes as base64, unset and default values absent. Otherwise equal to Python's json_format
// with preserved names (a test compares). Refuses unknown fields, wrong types, out-of-range
// numbers, by field path.
#ifndef WH_CLIENT_JSON_H
#define WH_CLIENT_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/time.h"
#include "client/frame.h"

// zone: for the offset shown; NULL: UTC ("Z"). New reference, NULL without memory.
json_t *wh_json_from(const ProtobufCMessage *message, const struct wh_zone *zone);

// Into the arena. NULL with the fault told (field path and rule).
ProtobufCMessage *wh_json_to(const ProtobufCMessageDescriptor *type, const json_t *json,
                             struct wh_arena *arena, struct wh_wire_fault *ret_fault);

// Text to JSON: one value and nothing after it, duplicate keys refused. New reference; NULL with
// the fault told (a duplicate key: FIELD_COUNT with its name; what is no JSON at all:
// MESSAGE_MALFORMED).
json_t *wh_json_parse(const char *text, size_t n, struct wh_wire_fault *ret_fault);

// JSON to text on one line, doubles as the shortest text that reads back the same (json_dumps
// prints 39.899999999999999). malloced, NUL-terminated; NULL without memory. ret_n may be NULL.
char *wh_json_dump(const json_t *json, size_t *ret_n);

#endif
