// SPDX-License-Identifier: Apache-2.0
// protobuf ↔ JSON by one walk over the descriptors: field names as in the .proto, enums without their
// prefix, int64 as numbers, fields ending in _at or beginning with due_ as RFC 3339 with offset, bytes
// as base64, unset and default values absent. Otherwise equal to Python's json_format with preserved
// names (a test compares). Refuses unknown fields, wrong types, out-of-range numbers, by field path.
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

#endif
