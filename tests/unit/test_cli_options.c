// SPDX-License-Identifier: Apache-2.0
// Words to values, and the table of verbs: every verb has help in both languages, every field it
// fills exists in its door's command.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define WORDS(...) (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)

static int parse(struct args *args, const char *verb, char **words, size_t n)
{
    args_init(args, NULL, NULL);
    return args_parse(args, verb_find(verb)->params, (int)n, words);
}

static void assert_body(const char *verb, char **words, size_t n, const char *expected)
{
    struct args args;
    assert_int_equal(parse(&args, verb, words, n), 0);
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    if (!json_equal(args.body, wanted))
        fail_msg("%s: %s", verb, json_dumps(args.body, 0));
    json_decref(wanted);
    args_done(&args);
}

static void test_bodies(void **state)
{
    (void)state;
    assert_body("sign", WORDS("AL-20261123-0001-GASCO", "AL-20261123-0002-GASCO"),
                "{\"tasks\":[\"AL-20261123-0001-GASCO\",\"AL-20261123-0002-GASCO\"]}");
    assert_body("check-in", WORDS("T", "--on-behalf", "--lat", "39.1", "--lon=115.9"),
                "{\"task\":\"T\",\"method\":\"ON_BEHALF\",\"place\":{\"lat\":39.1,\"lon\":115.9}}");
    assert_body("report", WORDS("T", "solved", "--text", "已关阀"),
                "{\"task\":\"T\",\"outcome\":\"SOLVED\",\"text\":\"已关阀\"}");
    assert_body("refuse",
                WORDS("--reason", "wrong-area", "T", "--basis", "b", "--alternative", "X"),
                "{\"task\":\"T\",\"reason\":\"WRONG_AREA\",\"basis\":\"b\",\"alternative\":\"X\"}");
    assert_body("confirm", WORDS("N", "--verdict", "NOT_SOLVED", "--task", "A,B", "--task", "C"),
                "{\"number\":\"N\",\"verdict\":\"NOT_SOLVED\",\"tasks\":[\"A\",\"B\",\"C\"]}");
    assert_body("review", WORDS("N", "--approve"), "{\"number\":\"N\",\"verdict\":\"APPROVE\"}");
    assert_body("review", WORDS("N", "return", "--reason", "r"),
                "{\"number\":\"N\",\"verdict\":\"RETURN\",\"reason\":\"r\"}");
    assert_body("ledger", WORDS("T", "--deny"), "{\"task\":\"T\",\"decision\":\"DENIED\"}");
    assert_body("raise", WORDS("--answer", "depth_cm=40", "--answer", "note=a=b", "--drill"),
                "{\"answers\":[{\"code\":\"depth_cm\",\"value\":\"40\"},"
                "{\"code\":\"note\",\"value\":\"a=b\"}],\"drill\":true}");
    assert_body("confirm", WORDS("N", "solved", "--tasks", "A"),
                "{\"number\":\"N\",\"verdict\":\"SOLVED\",\"tasks\":[\"A\"]}");
    assert_body("raise", WORDS("--joint_units", "a,b", "--asked-by=c", "--tags", "t"),
                "{\"joint_units\":[\"a\",\"b\"],\"asked_by\":\"c\",\"tags\":[\"t\"]}");
    assert_body("extend", WORDS("T", "--until_at", "2026-12-01T18:00:00+08:00"),
                "{\"task\":\"T\",\"until_at\":\"2026-12-01T18:00:00+08:00\"}");
    assert_body("reopen", WORDS("--", "N"), "{\"number\":\"N\"}");
    assert_body("reopen", WORDS("N", "--reason", "--odd"),
                "{\"number\":\"N\",\"reason\":\"--odd\"}");
}

static void test_wrong(void **state)
{
    static const struct {
        const char *verb;
        char *words[4];
        size_t n;
    } wrong[] = {
        {"sign", {NULL}, 0},
        {"show", {"a", "b"}, 2},
        {"show", {"a", "--nothing"}, 2},
        {"show", {"a", "--events"}, 2},
        {"show", {"a", "--events", "many"}, 3},
        {"raise", {"--answer", "nothing"}, 2},
        {"raise", {"--lat", "north"}, 2},
        {"raise", {"--drill=yes"}, 1},
        {"extend", {"T", "--until", "whenever"}, 3},
        {"show", {"\xff"}, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct args args;
        char *words[4];
        memcpy(words, wrong[i].words, sizeof words);
        assert_int_equal(parse(&args, wrong[i].verb, words, wrong[i].n), -1);
        assert_true(*args.why);
        args_done(&args);
    }
}

// Common options may stand anywhere; what a verb's own option takes is left alone.
static void test_common(void **state)
{
    struct args args;
    char *words[] = {"--json",    "report", "T",  "--text", "--json",
                     "--officer", "d-1",    "--", "--json", NULL};
    int n = 9;
    (void)state;
    args_init(&args, NULL, NULL);
    assert_int_equal(args_common(&args, verb_common, verb_find("report")->params, &n, words), 0);
    assert_true(args_flag(&args, "json"));
    assert_string_equal(args_text(&args, "officer"), "d-1");
    assert_int_equal(n, 6);
    assert_string_equal(words[0], "report");
    assert_string_equal(words[2], "--text");
    assert_string_equal(words[3], "--json");
    assert_string_equal(words[5], "--json");
    args_done(&args);
}

static bool chinese(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0xe3)
            return true;
    return false;
}

static const ProtobufCMessageDescriptor *command_of(const struct verb *verb, const char *name)
{
    const ProtobufCMessageDescriptor *whole =
        verb->door == DOOR_INTAKE  ? &whistle__v1__intake_command__descriptor
        : verb->door == DOOR_DEDUP ? &whistle__v1__dedup_command__descriptor
                                   : &whistle__v1__dispatch_command__descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(whole, name);
    return field ? field->descriptor : NULL;
}

// The field that a dotted path names, NULL where there is none.
static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *type,
                                                const char *path)
{
    char name[64];
    const char *dot = strchr(path, '.');
    snprintf(name, sizeof name, "%.*s", (int)(dot ? dot - path : (long)strlen(path)), path);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    return field && dot ? field_of(field->descriptor, dot + 1) : field;
}

static void check_fields(const struct verb *verb)
{
    // raise's own fields stand inside preview and resubmit; add speaks to two doors.
    bool wrapped = strcmp(verb->name, "preview") == 0 || strcmp(verb->name, "resubmit") == 0;
    const ProtobufCMessageDescriptor *type =
        wrapped ? &whistle__v1__raise_whistle__descriptor : command_of(verb, verb->command);
    const ProtobufCMessageDescriptor *other = verb->decide ? command_of(verb, verb->decide)
                                              : strcmp(verb->name, "add") == 0
                                                  ? &whistle__v1__supplement_whistle__descriptor
                                                  : NULL;
    assert_non_null(type);
    assert_true(!verb->decide || other);
    for (size_t i = 0; i < verb->params.n; i++) {
        const char *path = verb->params.list[i].field;
        if (path && !field_of(type, path) && !(other && field_of(other, path)))
            fail_msg("%s: no field %s", verb->name, path);
    }
}

static void test_verbs(void **state)
{
    (void)state;
    for (size_t i = 0; i < verbs_n; i++) {
        const struct verb *verb = &verbs[i];
        assert_ptr_equal(verb_find(verb->name), verb); // no name twice
        assert_true(verb->zh && chinese(verb->zh));
        assert_true(verb->en && *verb->en && !chinese(verb->en));
        assert_non_null(verb->run);
        assert_true(!verb->note_zh == !verb->note_en);
        for (size_t k = 0; k < verb->params.n; k++) {
            const struct param *param = &verb->params.list[k];
            assert_true(param->zh && *param->zh && param->en && *param->en);
            assert_false(chinese(param->en));
            assert_int_equal(param->kind != PARAM_FLAG && !(param->flags & PARAM_POSITIONAL),
                             param->hint != NULL);
        }
        if (verb->command)
            check_fields(verb);
    }
    assert_non_null(verb_find("raise"));
    assert_null(verb_find("nothing"));
    assert_string_equal(verb_near("rasie"), "raise");
    assert_string_equal(verb_near("chek-in"), "check-in");
    assert_null(verb_near("zzzzzzzz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_verbs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
