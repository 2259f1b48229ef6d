// SPDX-License-Identifier: Apache-2.0
// The table of refusals is whole: every row has all texts, names are unique and found again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/text.h"

static void every_rule_is_told(void **state)
{
    (void)state;
    for (unsigned i = 1; i < WH_RULE_COUNT_; i++) {
        const struct wh_rule_info *info = wh_rule_info((enum wh_rule)i);
        assert_int_equal(wh_ident_check(info->name, strlen(info->name), 64, NULL), 0);
        assert_int_equal(wh_ident_check(info->code, strlen(info->code), 32, NULL), 0);
        assert_in_range(info->status, 400, 599);
        assert_true(info->zh[0] && info->en[0] && wh_utf8_valid(info->zh, strlen(info->zh)));
        assert_int_equal(wh_rule_by_name(info->name), i);
    }
}

static void strangers(void **state)
{
    (void)state;
    assert_int_equal(wh_rule_by_name("no.such"), WH_RULE_NONE);
    assert_int_equal(wh_rule_by_name(""), WH_RULE_NONE);
    assert_int_equal(wh_rule_by_name(NULL), WH_RULE_NONE);
    assert_int_equal(wh_rule_info((enum wh_rule)9999)->status, 0);
    assert_string_equal(wh_rule_info(WH_RULE_NONE)->name, "");
    assert_int_equal(wh_rule_info(WH_RULE_REQUEST_ID_REUSED)->status, 422);
}

static void errors_have_texts(void **state)
{
    (void)state;
    for (int error = 0; error >= WH_E_CONFLICT; error--)
        assert_string_not_equal(wh_strerror(error), "unknown error");
    assert_string_equal(wh_strerror(WH_E_CONFLICT - 1), "unknown error");
    assert_string_equal(wh_strerror(1), "unknown error");
    assert_string_equal(wh_strerror(INT32_MIN), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_told),
        cmocka_unit_test(strangers),
        cmocka_unit_test(errors_have_texts),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
