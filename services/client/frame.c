// SPDX-License-Identifier: Apache-2.0
// The strict walk over wire bytes before protobuf-c sees them, and unpacking into an arena. The
// walk refuses what protobuf-c would accept silently: broken UTF-8, NUL in strings, unknown enum
// values, integers that would be cut, non-finite numbers, a singular field twice, two members of
// one oneof. Unknown field numbers are accepted and counted, so that a newer program may speak to
// an older one.
#include "client/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_DEPTH 12
#define FIELDS_A_TYPE 64 // the most fields one message type may have; a test walks the descriptors

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct span {
    const uint8_t *at, *end;
};

const struct wh_wire_limits wh_wire_strict = {4096, 65536};
const struct wh_wire_limits wh_wire_ample = {65536, 2097152};

struct walk {
    const struct wh_wire_limits *limits;
    struct wh_wire_fault *fault;
    const ProtobufCFieldDescriptor *path[MAX_DEPTH + 1];
    int depth;
    unsigned fields;
};

// What was already seen of one message.
struct seen {
    uint64_t mask; // by index of the field
    uint32_t counts[FIELDS_A_TYPE];
};

static int walk_message(struct walk *walk, const ProtobufCMessageDescriptor *type, struct span in);

// ---- faults ---------------------------------------------------------------------------------

static int fail(struct walk *walk, const ProtobufCFieldDescriptor *last, enum wh_rule rule)
{
    struct wh_wire_fault *fault = walk->fault;
    size_t used = 0;

    if (!fault)
        return WH_E_PROTOCOL;
    fault->rule = rule;
    fault->field[0] = '\0';
    walk->path[walk->depth] = last;
    for (int i = 0; i <= walk->depth && used < sizeof(fault->field); i++) {
        if (walk->path[i])
            used += (size_t)snprintf(fault->field + used, sizeof(fault->field) - used, "%s%s",
                                     i ? "." : "", walk->path[i]->name);
    }
    return WH_E_PROTOCOL;
}

// ---- scalars --------------------------------------------------------------------------------

// max: bytes; protobuf-c reads tags and lengths of at most 5.
static bool read_varint(struct span *in, unsigned max, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 7 * max && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;

        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static enum wh_rule judge_varint(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    int64_t number = (int64_t)value;

    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        if (number < 0 || number > INT32_MAX ||
            !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)number))
            return WH_RULE_FIELD_ENUM;
        return WH_RULE_NONE;
    case PROTOBUF_C_TYPE_INT32:
        return number < INT32_MIN || number > INT32_MAX ? WH_RULE_FIELD_RANGE : WH_RULE_NONE;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        return value > UINT32_MAX ? WH_RULE_FIELD_RANGE : WH_RULE_NONE;
    case PROTOBUF_C_TYPE_BOOL:
        return value > 1 ? WH_RULE_FIELD_RANGE : WH_RULE_NONE;
    default:
        return WH_RULE_NONE;
    }
}

static bool is_finite(const ProtobufCFieldDescriptor *field, const uint8_t *bytes)
{
    double number = 0;
    float less = 0;

    if (field->type == PROTOBUF_C_TYPE_DOUBLE)
        memcpy(&number, bytes, sizeof(number));
    if (field->type == PROTOBUF_C_TYPE_FLOAT)
        memcpy(&less, bytes, sizeof(less));
    return isfinite(number) && isfinite(less);
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

// One scalar of a known field off `in`.
static int walk_scalar(struct walk *walk, const ProtobufCFieldDescriptor *field,
                       enum wire_type wire, struct span *in)
{
    size_t size = wire == WIRE_64 ? 8 : 4;
    uint64_t value;

    if (wire == WIRE_VARINT) {
        enum wh_rule rule;

        if (!read_varint(in, 10, &value))
            return fail(walk, field, WH_RULE_MESSAGE_MALFORMED);
        rule = judge_varint(field, value);
        return rule == WH_RULE_NONE ? 0 : fail(walk, field, rule);
    }
    if ((size_t)(in->end - in->at) < size)
        return fail(walk, field, WH_RULE_MESSAGE_MALFORMED);
    if (!is_finite(field, in->at))
        return fail(walk, field, WH_RULE_FIELD_RANGE);
    in->at += size;
    return 0;
}

// ---- fields ---------------------------------------------------------------------------------

static int count_elements(struct walk *walk, const ProtobufCFieldDescriptor *field,
                          struct seen *seen, unsigned index)
{
    if (++seen->counts[index] > walk->limits->elements)
        return fail(walk, field, WH_RULE_FIELD_COUNT);
    return 0;
}

static int walk_packed(struct walk *walk, const ProtobufCFieldDescriptor *field, struct span in,
                       struct seen *seen, unsigned index)
{
    enum wire_type wire = wire_type_of(field->type);
    int rc = 0;

    while (rc == 0 && in.at < in.end) {
        rc = walk_scalar(walk, field, wire, &in);
        if (rc == 0)
            rc = count_elements(walk, field, seen, index);
    }
    return rc;
}

// The bytes of a length-delimited field.
static bool read_span(struct span *in, struct span *ret_span)
{
    uint64_t length;

    if (!read_varint(in, 5, &length) || length > (uint64_t)(in->end - in->at))
        return false;
    ret_span->at = in->at;
    ret_span->end = in->at += length;
    return true;
}

static int walk_bytes(struct walk *walk, const ProtobufCFieldDescriptor *field, struct span in)
{
    int rc;

    if (field->type == PROTOBUF_C_TYPE_STRING) {
        size_t n = (size_t)(in.end - in.at);

        if (memchr(in.at, 0, n))
            return fail(walk, field, WH_RULE_FIELD_NUL);
        return wh_utf8_valid((const char *)in.at, n) ? 0 : fail(walk, field, WH_RULE_FIELD_UTF8);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return 0;
    if (walk->depth == MAX_DEPTH)
        return fail(walk, field, WH_RULE_FIELD_COUNT);
    walk->path[walk->depth++] = field;
    rc = walk_message(walk, field->descriptor, in);
    walk->depth--;
    return rc;
}

static bool oneof_taken(const ProtobufCMessageDescriptor *type,
                        const ProtobufCFieldDescriptor *field, uint64_t mask)
{
    for (unsigned i = 0; i < type->n_fields && i < FIELDS_A_TYPE; i++) {
        const ProtobufCFieldDescriptor *other = &type->fields[i];

        if ((mask >> i & 1) && (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
            other->quantifier_offset == field->quantifier_offset)
            return true;
    }
    return false;
}

static int walk_known(struct walk *walk, const ProtobufCMessageDescriptor *type,
                      const ProtobufCFieldDescriptor *field, enum wire_type wire, struct span *in,
                      struct seen *seen)
{
    unsigned index = (unsigned)(field - type->fields);
    enum wire_type own = wire_type_of(field->type);
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    struct span bytes;
    int rc = 0;

    if (index >= FIELDS_A_TYPE)
        return fail(walk, field, WH_RULE_MESSAGE_MALFORMED);
    if (!repeated && ((seen->mask >> index & 1) || ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                                                    oneof_taken(type, field, seen->mask))))
        return fail(walk, field, WH_RULE_FIELD_COUNT);
    seen->mask |= 1ULL << index;
    if (wire != own && !(repeated && wire == WIRE_BYTES))
        return fail(walk, field, WH_RULE_FIELD_FORMAT);
    if (wire == WIRE_BYTES && !read_span(in, &bytes))
        return fail(walk, field, WH_RULE_MESSAGE_MALFORMED);
    if (wire == WIRE_BYTES && own != WIRE_BYTES)
        return walk_packed(walk, field, bytes, seen, index);
    if (repeated)
        rc = count_elements(walk, field, seen, index);
    if (rc < 0)
        return rc;
    return wire == WIRE_BYTES ? walk_bytes(walk, field, bytes) : walk_scalar(walk, field, wire, in);
}

static int skip_unknown(struct walk *walk, enum wire_type wire, struct span *in)
{
    size_t size = wire == WIRE_64 ? 8 : 4;
    struct span bytes;
    uint64_t value;
    bool good;

    if (wire == WIRE_VARINT) {
        good = read_varint(in, 10, &value);
    } else if (wire == WIRE_BYTES) {
        good = read_span(in, &bytes);
    } else {
        good = (wire == WIRE_64 || wire == WIRE_32) && (size_t)(in->end - in->at) >= size;
        if (good)
            in->at += size;
    }
    return good ? 0 : fail(walk, NULL, WH_RULE_MESSAGE_MALFORMED);
}

static int walk_message(struct walk *walk, const ProtobufCMessageDescriptor *type, struct span in)
{
    struct seen seen = {0};

    while (in.at < in.end) {
        const ProtobufCFieldDescriptor *field;
        uint64_t tag;
        int rc;

        if (++walk->fields > walk->limits->fields)
            return fail(walk, NULL, WH_RULE_FIELD_COUNT);
        if (!read_varint(&in, 5, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
            return fail(walk, NULL, WH_RULE_MESSAGE_MALFORMED);
        field = protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
        rc = field ? walk_known(walk, type, field, (enum wire_type)(tag & 7), &in, &seen)
                   : skip_unknown(walk, (enum wire_type)(tag & 7), &in);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int wh_wire_check(const ProtobufCMessageDescriptor *type, const struct wh_wire_limits *limits,
                  const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault)
{
    struct walk walk = {.limits = limits ? limits : &wh_wire_strict, .fault = ret_fault};
    struct span in = {data, n ? data + n : data};

    return walk_message(&walk, type, in);
}

// ---- messages -------------------------------------------------------------------------------

static void *arena_alloc(void *arena, size_t n)
{
    return wh_arena_alloc(arena, n);
}

static void arena_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

// After the walk: what is left to fail is the arena's cap.
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                                const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, n, data);

    if (!message && ret_fault)
        *ret_fault = (struct wh_wire_fault){.rule = WH_RULE_TOO_LARGE};
    return message;
}

ProtobufCMessage *wh_unpack(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                            const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault)
{
    if (wh_wire_check(type, &wh_wire_strict, data, n, ret_fault) < 0)
        return NULL;
    return unpack(type, arena, data, n, ret_fault);
}

ProtobufCMessage *wh_unpack_ample(const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                                  const uint8_t *data, size_t n, struct wh_wire_fault *ret_fault)
{
    if (wh_wire_check(type, &wh_wire_ample, data, n, ret_fault) < 0)
        return NULL;
    return unpack(type, arena, data, n, ret_fault);
}

uint8_t *wh_pack(const ProtobufCMessage *message, struct wh_arena *arena, size_t *ret_n)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = wh_arena_alloc(arena, n ? n : 1);

    if (!bytes)
        return NULL;
    *ret_n = protobuf_c_message_pack(message, bytes);
    return bytes;
}

uint32_t wh_oneof_get(const ProtobufCMessage *message, const ProtobufCMessage **ret_member)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const uint8_t *base = (const uint8_t *)message;
    uint32_t set = 0;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
            continue;
        memcpy(&set, base + field->quantifier_offset, sizeof(set));
        if (set != field->id)
            continue;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && ret_member)
            memcpy(ret_member, base + field->offset, sizeof(void *));
        return set;
    }
    return 0;
}
