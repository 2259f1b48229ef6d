// SPDX-License-Identifier: Apache-2.0
// Refusals over HTTP: every rule has a shape in both languages, what a door said is passed on
// whole, later means Retry-After; the language asked for. And the interface's description: every
// reference in it leads somewhere, every row stands in it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/problem.h"
#include "gateway/route.h"
#include "gateway/view_openapi.h"

static struct wh_arena arena;

static void test_every_rule(void **state)
{
    (void)state;
    for (int rule = WH_RULE_NONE + 1; rule < WH_RULE_COUNT_; rule++) {
        const struct wh_rule_info *info = wh_rule_info((enum wh_rule)rule);
        struct problem problem = {.rule = (enum wh_rule)rule, .field = "place.unit"};
        Whistle__V1__Problem shown;
        problem_make(&problem, &arena, &shown);
        assert_int_equal(shown.status, info->status);
        assert_string_equal(shown.title, info->zh);
        assert_string_equal(shown.rule, info->name);
        assert_string_equal(shown.type + strlen("urn:whistle:rule:"), info->name);
        assert_string_equal(shown.field, "place.unit");
        assert_int_equal(shown.retry_after_s != 0, info->status == 429 || info->status == 503);
        problem.language = LANGUAGE_EN;
        problem_make(&problem, &arena, &shown);
        assert_string_equal(shown.title, info->en);
        wh_arena_reset(&arena);
    }
}

static void test_what_a_door_said(void **state)
{
    (void)state;
    Whistle__V1__Problem shown;
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    error.status = 503;
    error.code = "busy";
    error.rule = "busy.lag";
    error.retry_after_ms = 2001;
    problem_from(&error, NULL, "id", LANGUAGE_ZH, &arena, &shown);
    assert_int_equal(shown.status, 503);
    assert_int_equal(shown.retry_after_s, 3);
    assert_string_equal(shown.request_id, "id");
    error.rule = "field.missing";
    error.field = "whistle.place.unit";
    problem_from(&error, "whistle", NULL, LANGUAGE_ZH, &arena, &shown);
    assert_string_equal(shown.field, "place.unit");
    assert_int_equal(shown.status, 400);
    assert_int_equal(shown.retry_after_s, 0);
    error.rule = "of.a.newer.service";
    error.status = 409;
    error.code = "conflict";
    problem_from(&error, "place", NULL, LANGUAGE_ZH, &arena, &shown);
    assert_int_equal(shown.status, 409);
    assert_string_equal(shown.code, "conflict");
    assert_string_equal(shown.rule, "of.a.newer.service");
    assert_string_equal(shown.field, "whistle.place.unit");
    error.status = 7; // no status at all
    problem_from(&error, NULL, NULL, LANGUAGE_ZH, &arena, &shown);
    assert_int_equal(shown.status, 500);
}

static void test_languages(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum gateway_language language;
    } cases[] = {
        {NULL, LANGUAGE_ZH},
        {"", LANGUAGE_ZH},
        {"en", LANGUAGE_EN},
        {"en-GB,en;q=0.8", LANGUAGE_EN},
        {"zh-CN,zh;q=0.9,en;q=0.8", LANGUAGE_ZH},
        {"en;q=0.5, zh;q=0.4", LANGUAGE_EN},
        {"en;q=0.5,zh;q=0.5", LANGUAGE_ZH},
        {"fr, de;q=0.9", LANGUAGE_ZH},
        {"*", LANGUAGE_ZH},
        {"zh;q=0, *", LANGUAGE_EN},
        {"en;q=0", LANGUAGE_ZH},
        {"EN", LANGUAGE_EN},
        {"english", LANGUAGE_ZH},
        {",,;;q=,e", LANGUAGE_ZH},
        {"en;q=9999999999999", LANGUAGE_EN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(language_of(cases[i].accept), cases[i].language);
}

// ---- the description ---------------------------------------------------------------------------

static size_t follow(const json_t *document, json_t *node)
{
    size_t n = 0, i;
    const char *name, *to = json_string_value(json_object_get(node, "$ref"));
    json_t *child;
    if (to != NULL) {
        const json_t *at = document;
        struct wh_str rest = wh_str(to + 2), word;
        char text[64];
        while (wh_str_split(&rest, '/', &word)) {
            memcpy(text, word.p, word.n);
            text[word.n] = '\0';
            at = json_object_get(at, text);
        }
        assert_non_null(at);
        n++;
    }
    json_object_foreach(node, name, child) n += follow(document, child);
    json_array_foreach(node, i, child) n += follow(document, child);
    return n;
}

static void test_description(void **state)
{
    (void)state;
    json_t *document = openapi_document();
    size_t rows = 0;
    const char *path;
    json_t *methods;
    assert_non_null(document);
    assert_true(follow(document, document) > 200);
    json_object_foreach(json_object_get(document, "paths"), path, methods) rows +=
        json_object_size(methods);
    assert_int_equal(rows, ROUTES);
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    json_t *task = json_object_get(json_object_get(json_object_get(schemas, "Task"), "properties"),
                                   "due_sign");
    assert_string_equal(json_string_value(json_object_get(task, "format")), "date-time");
    assert_non_null(json_object_get(json_object_get(schemas, "RaiseWhistle"), "description"));
    json_decref(document);
}

static int setup(void **state)
{
    (void)state;
    wh_arena_init(&arena, 1 << 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wh_arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_what_a_door_said),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_description),
    };
    return cmocka_run_group_tests_name("gateway problem", tests, setup, teardown);
}
