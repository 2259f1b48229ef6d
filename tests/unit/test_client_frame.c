// SPDX-License-Identifier: Apache-2.0
// The strict walk over wire bytes: all that our own packer writes passes and comes back the same,
// and each thing that protobuf-c would accept silently is refused with its field named.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/frame.h"
#include "support/random_message.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define INTAKE (&whistle__v1__intake_command__descriptor)

static void random_messages_come_back(void **state)
{
    struct wh_arena arena;
    uint64_t seed = 20261123;

    (void)state;
    wh_arena_init(&arena, 64 << 20);
    for (int i = 0; i < 5000; i++) {
        const ProtobufCMessageDescriptor *type = root_types[(size_t)i % n_root_types];
        struct wh_wire_fault fault;
        ProtobufCMessage *message, *back;
        uint8_t *one, *other;
        size_t n, m;

        wh_arena_reset(&arena);
        message = random_message(type, &arena, &seed);
        one = wh_pack(message, &arena, &n);
        assert_non_null(one);
        back = wh_unpack(type, &arena, one, n, &fault);
        if (!back)
            fail_msg("%s: %s %s", type->short_name, fault.field, wh_rule_info(fault.rule)->name);
        other = wh_pack(back, &arena, &m);
        assert_int_equal(n, m);
        assert_memory_equal(one, other, n);
    }
    wh_arena_done(&arena);
}

// bytes as a string literal; what is refused, where.
static void refuse(const ProtobufCMessageDescriptor *type, const char *bytes, size_t n,
                   enum wh_rule rule, const char *field)
{
    struct wh_wire_fault fault = {0};
    uint8_t *copy = malloc(n); // so that reading past the end is seen

    memcpy(copy, bytes, n);
    assert_int_equal(wh_wire_check(type, NULL, copy, n, &fault), WH_E_PROTOCOL);
    assert_int_equal(fault.rule, rule);
    assert_string_equal(fault.field, field);
    assert_int_equal(wh_wire_check(type, NULL, copy, n, NULL), WH_E_PROTOCOL);
    free(copy);
}

#define REFUSE(type, bytes, rule, field) refuse(type, bytes, sizeof(bytes) - 1, rule, field)

static void strings_are_strict(void **state)
{
    (void)state;
    // raise { unit: … }
    REFUSE(INTAKE, "\x0a\x04\x0a\x02\xc0\xaf", WH_RULE_FIELD_UTF8, "raise.unit");
    REFUSE(INTAKE,
           "\x0a\x05\x0a\x03"
           "a\x00"
           "b",
           WH_RULE_FIELD_NUL, "raise.unit");
    // raise { place { address: lone surrogate } }
    REFUSE(INTAKE, "\x0a\x07\x32\x05\x12\x03\xed\xa0\x80", WH_RULE_FIELD_UTF8,
           "raise.place.address");
}

static void numbers_are_strict(void **state)
{
    (void)state;
    REFUSE(INTAKE, "\x0a\x02\x28\x63", WH_RULE_FIELD_ENUM, "raise.priority");
    // 2^32 + 1 would be cut to P1
    REFUSE(INTAKE, "\x0a\x06\x28\x81\x80\x80\x80\x10", WH_RULE_FIELD_ENUM, "raise.priority");
    REFUSE(INTAKE, "\x0a\x02\x68\x02", WH_RULE_FIELD_RANGE, "raise.drill");
    // need.count: 2^31
    REFUSE(&whistle__v1__need__descriptor, "\x20\x80\x80\x80\x80\x08", WH_RULE_FIELD_RANGE,
           "count");
    // place.lat: NaN
    REFUSE(&whistle__v1__place__descriptor, "\x19\x00\x00\x00\x00\x00\x00\xf8\x7f",
           WH_RULE_FIELD_RANGE, "lat");
}

static void twice_is_refused(void **state)
{
    (void)state;
    REFUSE(&whistle__v1__need__descriptor, "\x20\x01\x20\x02", WH_RULE_FIELD_COUNT, "count");
    // raise {} and review {} in one command
    REFUSE(INTAKE, "\x0a\x00\x12\x00", WH_RULE_FIELD_COUNT, "review");
    REFUSE(INTAKE, "\x0a\x00\x0a\x00", WH_RULE_FIELD_COUNT, "raise");
}

static void broken_bytes_are_refused(void **state)
{
    (void)state;
    REFUSE(INTAKE, "\x0a", WH_RULE_MESSAGE_MALFORMED, "raise");
    REFUSE(INTAKE, "\x0a\x7f", WH_RULE_MESSAGE_MALFORMED, "raise");
    REFUSE(INTAKE, "\x0a\x02\x28\x80", WH_RULE_MESSAGE_MALFORMED, "raise.priority");
    REFUSE(INTAKE, "\x00", WH_RULE_MESSAGE_MALFORMED, "");
    REFUSE(INTAKE, "\xf8\xff\xff\xff\x7f", WH_RULE_MESSAGE_MALFORMED, "");
    REFUSE(INTAKE, "\x8a\x80\x80\x80\x80\x00", WH_RULE_MESSAGE_MALFORMED, ""); // 6-byte tag
    REFUSE(INTAKE, "\x0b\x0c", WH_RULE_FIELD_FORMAT, "raise");                 // a group
    REFUSE(INTAKE, "\xa3\x06\xa4\x06", WH_RULE_MESSAGE_MALFORMED, "");         // an unknown group
    REFUSE(INTAKE, "\x08\x01", WH_RULE_FIELD_FORMAT, "raise");                 // wrong wire type
    REFUSE(&whistle__v1__place__descriptor, "\x19\x00\x00", WH_RULE_MESSAGE_MALFORMED, "lat");
    REFUSE(&whistle__v1__need__descriptor, "\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
           WH_RULE_MESSAGE_MALFORMED, "from_at");
}

static void unknown_fields_pass(void **state)
{
    static const uint8_t bytes[] =
        "\x0a\x02\x28\x01\xa0\x06\x05\xaa\x06\x01x\xa9\x06--------\xad\x06----";
    struct wh_arena arena;
    const Whistle__V1__IntakeCommand *command;

    (void)state;
    wh_arena_init(&arena, 1 << 16);
    command = (const void *)wh_unpack(INTAKE, &arena, bytes, sizeof(bytes) - 1, NULL);
    assert_non_null(command);
    assert_int_equal(command->raise->priority, WHISTLE__V1__PRIORITY__PRIORITY_P1);
    wh_arena_done(&arena);
}

static void counts_and_memory_are_bounded(void **state)
{
    static uint8_t tags[2 * 5000];
    static uint8_t many[3 * 70000];
    struct wh_wire_fault fault;
    struct wh_arena arena;

    (void)state;
    for (size_t i = 0; i < sizeof(tags); i += 2)
        tags[i] = 0x0a; // sign.tasks: ""
    assert_int_equal(
        wh_wire_check(&whistle__v1__sign_tasks__descriptor, NULL, tags, 2 * 4096, &fault), 0);
    assert_int_equal(
        wh_wire_check(&whistle__v1__sign_tasks__descriptor, NULL, tags, 2 * 4097, &fault),
        WH_E_PROTOCOL);
    assert_int_equal(fault.rule, WH_RULE_FIELD_COUNT);
    assert_string_equal(fault.field, "tasks");
    for (size_t i = 0; i < sizeof(many); i += 3)
        memcpy(many + i, "\xa0\x06\x01", 3); // unknown field 100
    assert_int_equal(wh_wire_check(INTAKE, NULL, many, sizeof(many), &fault), WH_E_PROTOCOL);
    assert_int_equal(fault.rule, WH_RULE_FIELD_COUNT);
    wh_arena_init(&arena, 4096);
    assert_null(wh_unpack(&whistle__v1__sign_tasks__descriptor, &arena, tags, 2 * 4096, &fault));
    assert_int_equal(fault.rule, WH_RULE_TOO_LARGE);
    wh_arena_done(&arena);
}

// What the walk assumes of every type: at most 64 fields, no recursion, depth within its limit.
static int depth_of(const ProtobufCMessageDescriptor *type, int depth)
{
    int deepest = depth;

    if (depth > 12)
        fail_msg("%s: deeper than the walk goes, or recursive", type->short_name);
    if (type->n_fields > 64)
        fail_msg("%s: more than 64 fields", type->short_name);
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            int below = depth_of(type->fields[i].descriptor, depth + 1);

            deepest = below > deepest ? below : deepest;
        }
    }
    return deepest;
}

static void all_types_fit_the_walk(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_root_types; i++)
        depth_of(root_types[i], 0);
}

static void oneof_member_is_found(void **state)
{
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__ReviewWhistle review = WHISTLE__V1__REVIEW_WHISTLE__INIT;
    const ProtobufCMessage *member = NULL;

    (void)state;
    assert_int_equal(wh_oneof_get(&command.base, &member), 0);
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_REVIEW;
    command.review = &review;
    assert_int_equal(wh_oneof_get(&command.base, &member), 2);
    assert_ptr_equal(member, &review);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_messages_come_back),
        cmocka_unit_test(strings_are_strict),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(twice_is_refused),
        cmocka_unit_test(broken_bytes_are_refused),
        cmocka_unit_test(unknown_fields_pass),
        cmocka_unit_test(counts_and_memory_are_bounded),
        cmocka_unit_test(all_types_fit_the_walk),
        cmocka_unit_test(oneof_member_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
