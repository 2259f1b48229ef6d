// SPDX-License-Identifier: Apache-2.0
// UUIDv7: example of the RFC, round trip, strict rise also when the clock goes back. Numbers and
// task ids: what is written is read, and nothing else is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/id.h"

static void random_fill(uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(random() >> 7);
}

// RFC 9562, appendix A.6.
static void example_of_the_rfc(void **state)
{
    static const uint8_t rnd[10] = {0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
    char text[WH_UUID_CHARS + 1];
    (void)state;
    struct wh_uuid uuid = wh_uuid7_make(INT64_C(0x017F22E279B0), rnd);
    wh_uuid_format(uuid, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_true(wh_uuid_is7(uuid));
    assert_int_equal(wh_uuid_ms(uuid), INT64_C(0x017F22E279B0));
    assert_int_equal(wh_uuid_ms(wh_uuid7_make(-5, rnd)), 0);
    assert_int_equal(wh_uuid_ms(wh_uuid7_make(INT64_MAX, rnd)), INT64_C(0xFFFFFFFFFFFF));
}

static void round_trip(void **state)
{
    (void)state;
    srandom(3);
    for (int i = 0; i < 20000; i++) {
        struct wh_uuid uuid, back;
        char text[WH_UUID_CHARS + 1];
        random_fill(uuid.b, sizeof uuid.b);
        wh_uuid_format(uuid, text);
        assert_int_equal(wh_uuid_parse(text, &back), 0);
        assert_int_equal(wh_uuid_cmp(uuid, back), 0);
        text[random() % WH_UUID_CHARS] = 'g';
        assert_int_equal(wh_uuid_parse(text, &back), WH_E_INVALID);
    }
    struct wh_uuid uuid;
    assert_int_equal(wh_uuid_parse(NULL, &uuid), WH_E_INVALID);
    assert_int_equal(wh_uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", &uuid), 0);
    assert_int_equal(wh_uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F ", &uuid), WH_E_INVALID);
    assert_int_equal(wh_uuid_parse("017F22E279B0-7CC3-98C4-DC0C0C07398F--", &uuid), WH_E_INVALID);
}

static void ids_rise(void **state)
{
    struct wh_uuid7_gen gen = {0};
    struct wh_uuid before = {{0}};
    int64_t now = 1795400000000;
    (void)state;
    srandom(4);
    for (int i = 0; i < 200000; i++) {
        uint8_t rnd[10];
        random_fill(rnd, sizeof rnd);
        if (i % 5 == 0)
            memset(rnd, 0xFF, sizeof rnd);
        now += random() % 4 - 1;
        struct wh_uuid next = wh_uuid7_next(&gen, now, rnd);
        assert_true(wh_uuid_is7(next));
        assert_true(wh_uuid_cmp(before, next) < 0);
        assert_true(wh_uuid_ms(next) >= now);
        before = next;
    }
}

static void numbers(void **state)
{
    char text[WH_NUMBER_MAX], prefix[WH_PREFIX_MAX + 1];
    int64_t object = wh_object_make(20261123, 7), back;
    (void)state;
    assert_int_equal(object, INT64_C(202611230000007));
    assert_int_equal(wh_object_day(object), 20261123);
    assert_int_equal(wh_object_n(object), 7);
    assert_int_equal(wh_number_format("AL", object, text), 0);
    assert_string_equal(text, "AL-20261123-0007");
    assert_int_equal(wh_number_parse(text, prefix, &back), 0);
    assert_int_equal(back, object);
    assert_string_equal(prefix, "AL");
    assert_int_equal(wh_number_format("A2345678", wh_object_make(20261231, 9999999), text), 0);
    assert_string_equal(text, "A2345678-20261231-9999999");
    assert_int_equal(wh_number_parse(text, NULL, &back), 0);
    assert_int_equal(wh_number_format("AL", 0, text), WH_E_RANGE);
    assert_int_equal(wh_number_format("AL", INT64_MAX, text), WH_E_RANGE);
    assert_int_equal(wh_number_format("AL", INT64_MIN, text), WH_E_RANGE);
    assert_int_equal(wh_number_format("AL", INT64_C(202613230000007), text), WH_E_RANGE);
    assert_int_equal(wh_number_format("al", object, text), WH_E_INVALID);
    assert_int_equal(wh_number_format("", object, text), WH_E_INVALID);
    assert_int_equal(wh_number_format("ABCDEFGHI", object, text), WH_E_INVALID);
    assert_int_equal(wh_object_make(20260230, 1), 0);
    assert_int_equal(wh_object_make(20260228, 0), 0);
    assert_int_equal(wh_object_make(20260228, 10000000), 0);
}

static void wrong_numbers(void **state)
{
    static const char *const wrong[] = {"",
                                        "AL",
                                        "AL-20261123",
                                        "AL-20261123-",
                                        "AL-20261123-007",
                                        "AL-20261123-0000",
                                        "AL-20261123-00007",
                                        "AL-20261123-12345678",
                                        "AL-20261131-0007",
                                        "al-20261123-0007",
                                        "1L-20261123-0007",
                                        "AL-20261123-0007 ",
                                        " AL-20261123-0007",
                                        "AL-2026112-0007",
                                        "AL-20261123-+007",
                                        "AL_20261123-0007",
                                        "AL-20261123-0007-",
                                        "-20261123-0007"};
    int64_t object = 99;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(wh_number_parse(wrong[i], NULL, &object), WH_E_INVALID);
    assert_int_equal(wh_number_parse(NULL, NULL, &object), WH_E_INVALID);
    assert_int_equal(object, 99);
}

static void task_ids(void **state)
{
    char text[WH_TASK_ID_MAX], department[WH_DEPARTMENT_MAX + 1], prefix[WH_PREFIX_MAX + 1];
    int64_t object;
    (void)state;
    assert_int_equal(wh_task_id_format("AL-20261123-0007", "GASCO", text), 0);
    assert_string_equal(text, "AL-20261123-0007-GASCO");
    assert_int_equal(wh_task_id_parse(text, prefix, &object, department), 0);
    assert_string_equal(department, "GASCO");
    assert_string_equal(prefix, "AL");
    assert_int_equal(object, INT64_C(202611230000007));
    assert_int_equal(wh_task_id_format("AL-20261123-12345", "990101002", text), 0);
    assert_int_equal(wh_task_id_parse(text, NULL, &object, department), 0);
    assert_string_equal(department, "990101002");
    assert_int_equal(wh_task_id_format("AL-20261123-7", "GASCO", text), WH_E_INVALID);
    assert_int_equal(wh_task_id_format("AL-20261123-0007", "", text), WH_E_RANGE);
    assert_int_equal(wh_task_id_format("AL-20261123-0007", "A B", text), WH_E_INVALID);
    assert_int_equal(wh_task_id_parse("AL-20261123-0007", NULL, &object, department), WH_E_INVALID);
    assert_int_equal(wh_task_id_parse("AL-20261123-0007-", NULL, &object, department),
                     WH_E_INVALID);
    assert_int_equal(wh_task_id_parse("AL-20261123-0007-A234567890123456789012345678901234", NULL,
                                      &object, department),
                     WH_E_INVALID);
    assert_int_equal(wh_task_id_parse(NULL, NULL, &object, department), WH_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_rfc), cmocka_unit_test(round_trip),
        cmocka_unit_test(ids_rise),           cmocka_unit_test(numbers),
        cmocka_unit_test(wrong_numbers),      cmocka_unit_test(task_ids),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
