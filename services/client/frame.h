// SPDX-License-Identifier: Apache-2.0
// Bytes to messages and back. Before protobuf-c sees a byte, the wire is walked against the
// descriptor: strings are UTF-8 without NUL, enums are known, nesting and counts are bounded. Then
// it is unpacked into a capped arena. Never call this before the peer is authenticated.
#ifndef WH_CLIENT_FRAME_H
#define WH_CLIENT_FRAME_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct wh_wire_fault {
    enum wh_rule rule;
    char field[64]; // dotted path of field names, e.g. "raise.place.unit"
};

// How much one message may hold. Depth is 12 at most for all.
struct wh_wire_limits {
    unsigned elements; // of any one repeated field
    unsigned fields;   // in all
};
// From anybody: 4,096 and 65,536.
extern const struct wh_wire_limits wh_wire_strict;
// A whole district's tables, from those who may adopt one and from the services themselves: 65,536
// and 2,097,152. The arena's cap and the message's size bound it further.
extern const struct wh_wire_limits wh_wire_ample;

// 0, or WH_E_PROTOCOL with the fault told (ret_fault may be NULL). limits: NULL is wh_wire_strict.
int wh_wire_check(const ProtobufCMessageDescriptor *type, const struct wh_wire_limits *limits,
                  const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault);

// wh_wire_check, then unpack into the arena; the message lives as long as the arena's content.
// NULL with the fault told.
ProtobufCMessage *wh_unpack(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                            const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault);
// The same within the ample limits: for what our own services said (their key was checked).
ProtobufCMessage *wh_unpack_ample(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                                  const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault);

// Packs into the arena. NULL past its cap.
uint8_t *wh_pack(const ProtobufCMessage *message, struct wh_arena *arena, size_t *ret_n);

// The member of a message's (only) oneof that is set: its field number, 0 if none; and the
// sub-message.
uint32_t wh_oneof_get(const ProtobufCMessage *message, const ProtobufCMessage **ret_member);

#endif
