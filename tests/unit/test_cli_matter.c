// SPDX-License-Identifier: Apache-2.0
// How matters are told: every event of every feed has words in both languages, a likeness shows its
// numbers, and what others wrote into it cannot move a terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/event.h"
#include "cli/likeness.h"
#include "cli/text.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

static bool chinese(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0xe3)
            return true;
    return false;
}

static void check_words(const ProtobufCMessageDescriptor *event)
{
    for (unsigned i = 0; i < event->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &event->fields[i];
        if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
            continue;
        const char *kind = ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
        text_speak(true);
        if (!chinese(text_event(kind)))
            fail_msg("%s has no words", kind);
        text_speak(false);
        if (chinese(text_event(kind)) || strcmp(text_event(kind), kind) == 0)
            fail_msg("%s has no English words", kind);
    }
}

static void test_every_event_has_words(void **state)
{
    (void)state;
    check_words(&whistle__v1__intake_event__descriptor);
    check_words(&whistle__v1__dedup_event__descriptor);
    check_words(&whistle__v1__dispatch_event__descriptor);
}

static void test_every_enum_has_words(void **state)
{
    const ProtobufCEnumDescriptor *types[] = {
        &whistle__v1__band__descriptor, &whistle__v1__join_as__descriptor,
        &whistle__v1__whistle_state__descriptor, &whistle__v1__task_state__descriptor};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (unsigned k = 1; k < types[i]->n_values; k++) {
            text_speak(true);
            assert_true(chinese(text_enum(types[i], types[i]->values[k].value)));
            text_speak(false);
            assert_false(chinese(text_enum(types[i], types[i]->values[k].value)));
        }
}

static void test_feeds(void **state)
{
    static const struct {
        const char *feed;
        const ProtobufCMessageDescriptor *type;
    } known[] = {{"intake", &whistle__v1__intake_event__descriptor},
                 {"p1", &whistle__v1__intake_event__descriptor},
                 {"dedup", &whistle__v1__dedup_event__descriptor},
                 {"urgent", &whistle__v1__dedup_event__descriptor},
                 {"dispatch", &whistle__v1__dispatch_event__descriptor},
                 {"ends", &whistle__v1__dispatch_event__descriptor},
                 {"notices", &whistle__v1__dispatch_event__descriptor},
                 {"other", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct event_reader reader;
        event_reader_init(&reader, known[i].feed);
        assert_ptr_equal(reader.payload, known[i].type);
        event_reader_done(&reader);
    }
}

static void test_likeness_in_numbers(void **state)
{
    Whistle__V1__Likeness like = WHISTLE__V1__LIKENESS__INIT;
    char *shared[] = {"染坊街", "积水"}, text[512];
    (void)state;
    like.rule = "SCORE";
    like.probability = 0.874;
    like.distance_is_case = WHISTLE__V1__LIKENESS__DISTANCE_IS_DISTANCE_M;
    like.distance_m = 120;
    like.minutes = 4;
    like.shared = shared;
    like.n_shared = 2;
    text_speak(true);
    likeness_text(&like, text, sizeof text);
    assert_string_equal(text, "87 % · 120 米 · 4 分钟 · 共同: 染坊街 积水");
    text_speak(false);
    likeness_text(&like, text, sizeof text);
    assert_string_equal(text, "87 % · 120 m · 4 min · shared: 染坊街 积水");
    for (size_t n = 32; n < sizeof text; n++) { // cut between characters, never beyond
        likeness_text(&like, text, n);
        assert_true(strlen(text) < n && wh_utf8_valid(text, strlen(text)));
    }

    // Without a place no distance is said; a rule that is not the score is.
    like.distance_is_case = WHISTLE__V1__LIKENESS__DISTANCE_IS__NOT_SET;
    like.rule = "NUMBER";
    like.probability = 0.9996;
    like.minutes = 0;
    like.n_shared = 0;
    text_speak(false);
    likeness_text(&like, text, sizeof text);
    assert_string_equal(text, "different numbers (alike by 99 %) · 0 min");
    like.probability = 0;
    like.minutes = 3 * 24 * 60;
    like.n_shared = 0;
    text_speak(true);
    likeness_text(&like, text, sizeof text);
    assert_string_equal(text, "门牌、楼号或编号不同 · 3 天");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_has_words),
        cmocka_unit_test(test_every_enum_has_words),
        cmocka_unit_test(test_feeds),
        cmocka_unit_test(test_likeness_in_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
