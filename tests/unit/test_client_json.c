// SPDX-License-Identifier: Apache-2.0
// JSON of every message type: equal to Python's json_format but for our three rules
// (tests/support/json_check.py compares), back to the same bytes, and refusals by field path.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/json.h"
#include "support/random_message.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#ifndef WH_SOURCE_DIR
#define WH_SOURCE_DIR "."
#endif

static void write_line(FILE *file, const char *type, const uint8_t *wire, size_t n,
                       const char *text)
{
    fprintf(file, "%s ", type);
    for (size_t i = 0; i < n; i++)
        fprintf(file, "%02x", wire[i]);
    fprintf(file, " %s\n", text);
}

static void one_message(FILE *file, const ProtobufCMessageDescriptor *type, struct wh_arena *arena,
                        uint64_t *seed)
{
    ProtobufCMessage *message = random_message(type, arena, seed), *back;
    struct wh_wire_fault fault;
    uint8_t *one, *other;
    json_t *json, *read;
    size_t n, m, length;
    char *text;

    one = wh_pack(message, arena, &n);
    json = wh_json_from(message, NULL);
    text = wh_json_dump(json, &length);
    assert_int_equal(length, strlen(text));
    write_line(file, type->short_name, one, n, text);
    read = wh_json_parse(text, length, &fault);
    assert_non_null(read);
    assert_true(json_equal(json, read));
    back = wh_json_to(type, read, arena, &fault);
    if (!back)
        fail_msg("%s: %s %s", type->short_name, fault.field, wh_rule_info(fault.rule)->name);
    other = wh_pack(back, arena, &m);
    assert_int_equal(n, m);
    assert_memory_equal(one, other, n);
    json_decref(json);
    json_decref(read);
    free(text);
}

static void agrees_with_python(void **state)
{
    char path[] = "/tmp/wh-json-XXXXXX", command[1024];
    struct wh_arena arena;
    uint64_t seed = 7;
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    assert_non_null(file);
    wh_arena_init(&arena, 64 << 20);
    for (int i = 0; i < 2000; i++) {
        wh_arena_reset(&arena);
        one_message(file, root_types[(size_t)i % n_root_types], &arena, &seed);
    }
    wh_arena_done(&arena);
    fclose(file);
    snprintf(command, sizeof(command),
             "/usr/bin/python3 '%s/tests/support/json_check.py' '%s' '%s'", WH_SOURCE_DIR,
             WH_SOURCE_DIR, path);
    assert_int_equal(system(command), 0);
    unlink(path);
}

static void refuse(const ProtobufCMessageDescriptor *type, const char *text, enum wh_rule rule,
                   const char *field)
{
    struct wh_wire_fault fault = {0};
    struct wh_arena arena;
    json_t *json = wh_json_parse(text, strlen(text), &fault);

    wh_arena_init(&arena, 1 << 16);
    if (json)
        assert_null(wh_json_to(type, json, &arena, &fault));
    if (fault.rule != rule || strcmp(fault.field, field) != 0)
        fail_msg("%s: said %s at \"%s\"", text, wh_rule_info(fault.rule)->name, fault.field);
    json_decref(json);
    wh_arena_done(&arena);
}

static void refusals_name_the_field(void **state)
{
    const ProtobufCMessageDescriptor *raise = &whistle__v1__raise_whistle__descriptor;
    const ProtobufCMessageDescriptor *need = &whistle__v1__need__descriptor;

    (void)state;
    refuse(raise, "{\"unit\":1}", WH_RULE_FIELD_FORMAT, "unit");
    refuse(raise, "{\"unit\":null}", WH_RULE_FIELD_FORMAT, "unit");
    refuse(raise, "{\"colour\":\"red\"}", WH_RULE_FIELD_UNKNOWN, "colour");
    refuse(raise, "{\"place\":{\"lat\":\"39.9\"}}", WH_RULE_FIELD_FORMAT, "place.lat");
    refuse(raise, "{\"place\":{\"street\":1}}", WH_RULE_FIELD_UNKNOWN, "place.street");
    refuse(raise, "{\"place\":[]}", WH_RULE_FIELD_FORMAT, "place");
    refuse(raise, "{\"priority\":\"P5\"}", WH_RULE_FIELD_ENUM, "priority");
    refuse(raise, "{\"priority\":\"PRIORITY_P1\"}", WH_RULE_FIELD_ENUM, "priority");
    refuse(raise, "{\"priority\":\"UNSPECIFIED\"}", WH_RULE_FIELD_ENUM, "priority");
    refuse(raise, "{\"priority\":1}", WH_RULE_FIELD_FORMAT, "priority");
    refuse(raise, "{\"drill\":\"yes\"}", WH_RULE_FIELD_FORMAT, "drill");
    refuse(raise, "{\"tags\":\"a\"}", WH_RULE_FIELD_FORMAT, "tags");
    refuse(raise, "{\"tags\":[1]}", WH_RULE_FIELD_FORMAT, "tags");
    refuse(raise, "{\"needs\":[{\"count\":2147483648}]}", WH_RULE_FIELD_RANGE, "needs.count");
    refuse(need, "{\"count\":1.5}", WH_RULE_FIELD_FORMAT, "count");
    refuse(need, "{\"count\":99999999999999999999}", WH_RULE_FIELD_RANGE, "");
    refuse(need, "{\"from_at\":1}", WH_RULE_FIELD_FORMAT, "from_at");
    refuse(need, "{\"from_at\":\"2026-11-23T09:00:00\"}", WH_RULE_FIELD_FORMAT, "from_at");
    refuse(raise, "{\"unit\":\"a\",\"unit\":\"b\"}", WH_RULE_FIELD_COUNT, "unit");
    refuse(raise, "{\"unit\":\"a\"", WH_RULE_MESSAGE_MALFORMED, "");
    refuse(raise, "{\"unit\":\"a\\u0000b\"}", WH_RULE_FIELD_NUL, "");
    refuse(raise, "{\"unit\":\"a\"} {}", WH_RULE_MESSAGE_MALFORMED, "");
    refuse(raise, "[]", WH_RULE_FIELD_FORMAT, "");
    refuse(&whistle__v1__sealed__descriptor, "{\"box\":\"%%\"}", WH_RULE_FIELD_FORMAT, "box");
    refuse(&whistle__v1__intake_command__descriptor, "{\"raise\":{},\"review\":{}}",
           WH_RULE_FIELD_COUNT, "review");
}

static void times_are_shown_in_the_zone(void **state)
{
    static const struct wh_zone_shift beijing[] = {{0, 480}};
    struct wh_zone zone = {beijing, 1};
    Whistle__V1__Need need = WHISTLE__V1__NEED__INIT;
    struct wh_arena arena;
    const Whistle__V1__Need *back;
    json_t *json;

    (void)state;
    need.from_at = 1795395605000;
    json = wh_json_from(&need.base, &zone);
    assert_string_equal(json_string_value(json_object_get(json, "from_at")),
                        "2026-11-23T09:00:05+08:00");
    wh_arena_init(&arena, 4096);
    back = (const void *)wh_json_to(&whistle__v1__need__descriptor, json, &arena, NULL);
    assert_int_equal(back->from_at, need.from_at);
    wh_arena_done(&arena);
    json_decref(json);
}

static void a_set_zero_is_present(void **state)
{
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    json_t *json;
    char *text;

    (void)state;
    place.lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    place.lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    place.lon = 39.9;
    json = wh_json_from(&place.base, NULL);
    text = wh_json_dump(json, NULL);
    assert_string_equal(text, "{\"lat\":0.0,\"lon\":39.9}");
    free(text);
    json_decref(json);
}

static void memory_is_capped(void **state)
{
    struct wh_wire_fault fault = {0};
    struct wh_arena arena;
    const char *text = "{\"text\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    json_t *json = wh_json_parse(text, strlen(text), NULL);

    (void)state;
    assert_non_null(json);
    wh_arena_init(&arena, sizeof(Whistle__V1__RaiseWhistle) + 16);
    assert_null(wh_json_to(&whistle__v1__raise_whistle__descriptor, json, &arena, &fault));
    assert_int_equal(fault.rule, WH_RULE_TOO_LARGE);
    assert_string_equal(fault.field, "text");
    wh_arena_done(&arena);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_python),
        cmocka_unit_test(refusals_name_the_field),
        cmocka_unit_test(times_are_shown_in_the_zone),
        cmocka_unit_test(a_set_zero_is_present),
        cmocka_unit_test(memory_is_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
