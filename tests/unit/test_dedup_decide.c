// SPDX-License-Identifier: Apache-2.0
// Verdicts and a person's decisions: bands, what stands against a join by itself, holds, offers
// after a matter was resolved, rising priorities, who may join and split and by which rule not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dedup/ask.h"
#include "dedup/decide.h"
#include "dedup/fold.h"

#define P(n) ((uint8_t)(n))
#define NOW INT64_C(1795430000000)
#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)
#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name
#define HOW(name) WHISTLE__V1__JOIN_AS__JOIN_AS_##name
#define UNIT 30
#define STREET 31

enum { A = 101, B, C, D, NEW_ONE };

static struct matters *matters;
static struct decide_settings settings;
static struct decide_by by;
static double perhaps;

static struct standing out(int64_t id, uint8_t priority)
{
    return (struct standing){.id = id,
                             .at = NOW - MINUTE,
                             .unit = UNIT,
                             .street = STREET,
                             .stage = STAGE_OUT,
                             .priority = priority};
}

static void put(struct standing standing)
{
    assert_int_equal(matters_put(matters, &standing), 0);
}

static struct simindex_hit hit(int64_t id, double probability)
{
    return (struct simindex_hit){.id = id,
                                 .score = {.rule = MATCH_RULE_SCORE,
                                           .section = MATCH_TEXT,
                                           .probability = probability,
                                           .likeness = probability,
                                           .logit = probability,
                                           .distance_m = -1}};
}

static struct verdict judge(struct standing standing, const struct simindex_hit *hits, size_t n)
{
    struct verdict verdict;
    decide_blown(&by, &standing, hits, n, NOW - MINUTE, &verdict);
    return verdict;
}

static int begin(void **state)
{
    (void)state;
    settings = (struct decide_settings){.hold_ms = 10 * MINUTE};
    assert_int_equal(decide_read_raise("3,5", &settings), 0);
    matters = matters_new();
    by = (struct decide_by){matters, match_model_builtin(), &settings, NOW};
    struct simindex_hit probe = hit(1, 1);
    assert_int_equal(match_band(by.model, &probe.score), MATCH_SAME);
    for (perhaps = 0.99; perhaps > 0; perhaps -= 0.01) {
        probe = hit(1, perhaps);
        if (match_band(by.model, &probe.score) == MATCH_PERHAPS)
            break;
    }
    assert_true(perhaps > 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    matters_free(matters);
    return 0;
}

// ---- verdicts -----------------------------------------------------------------------------------

static void test_bands(void **state)
{
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    struct simindex_hit hits[] = {hit(A, 0.001), hit(B, 0.002)};
    struct verdict v = judge(out(NEW_ONE, P(3)), hits, 2);
    assert_int_equal(v.kind, VERDICT_CLEAR);
    assert_int_equal(v.n, 0);
    hits[0] = hit(A, perhaps);
    v = judge(out(NEW_ONE, P(3)), hits, 2);
    assert_int_equal(v.kind, VERDICT_HOLD);
    assert_int_equal(v.until_at, NOW - MINUTE + 10 * MINUTE); // from when it was blown
    assert_int_equal(v.n, 1);
    assert_int_equal(v.like[0].root, A);
    assert_string_equal(v.like[0].rule, "SCORE");
    hits[1] = hit(B, 1);
    v = judge(out(NEW_ONE, P(3)), hits, 2);
    assert_int_equal(v.kind, VERDICT_MERGE);
    assert_int_equal(v.like[0].root, B);
    assert_int_equal(v.n, 2);
    assert_int_equal(judge(out(NEW_ONE, P(3)), NULL, 0).kind, VERDICT_CLEAR);
}

// Several reports of one matter are one likeness, the best; those nobody knows are none.
static void test_one_a_matter(void **state)
{
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    put(out(C, P(3)));
    assert_int_equal(matters_join(matters, B, A, 1, 0), 0);
    struct simindex_hit hits[] = {hit(A, perhaps), hit(B, 1), hit(C, perhaps), hit(999, 1)};
    struct verdict v = judge(out(NEW_ONE, P(3)), hits, 4);
    assert_int_equal(v.kind, VERDICT_MERGE);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.like[0].root, A);
    assert_int_equal(v.like[0].compared, B);
    assert_int_equal(v.like[1].root, C);
}

static void test_p1(void **state)
{
    (void)state;
    put(out(A, P(2)));
    put(out(B, P(1)));
    struct simindex_hit into_lower[] = {hit(A, 1)}, into_same[] = {hit(B, 1)},
                        doubtful[] = {hit(B, perhaps)};
    struct verdict v = judge(out(NEW_ONE, P(1)), into_lower, 1);
    assert_int_equal(v.kind, VERDICT_CLEAR); // at once, with the likeness told
    assert_int_equal(v.n, 1);
    assert_string_equal(v.like[0].rule, "PRIORITY");
    assert_int_equal(v.like[0].band, MATCH_PERHAPS);
    v = judge(out(NEW_ONE, P(1)), into_same, 1);
    assert_int_equal(v.kind, VERDICT_MERGE);
    v = judge(out(NEW_ONE, P(1)), doubtful, 1);
    assert_int_equal(v.kind, VERDICT_CLEAR);
    assert_int_equal(v.n, 1);
    v = judge(out(NEW_ONE, P(2)), into_same, 1);
    assert_int_equal(v.kind, VERDICT_MERGE);
    assert_int_equal(v.raise_to, 0);
    struct simindex_hit mixed[] = {hit(A, 1), hit(B, 0.9999)}; // the matter it may join wins
    v = judge(out(NEW_ONE, P(1)), mixed, 2);
    assert_int_equal(v.kind, VERDICT_MERGE);
    assert_int_equal(v.like[0].root, B);
}

// What waited in a backlog longer than a person may think goes out at once.
static void test_hold_counts_from_the_blowing(void **state)
{
    struct verdict v;
    struct simindex_hit hits[] = {hit(A, perhaps)};
    struct standing s = out(NEW_ONE, P(3));
    (void)state;
    put(out(A, P(3)));
    decide_blown(&by, &s, hits, 1, NOW - 10 * MINUTE, &v);
    assert_int_equal(v.kind, VERDICT_CLEAR);
    assert_int_equal(v.until_at, 0);
    decide_blown(&by, &s, hits, 1, NOW - 10 * MINUTE + 1, &v);
    assert_int_equal(v.kind, VERDICT_HOLD);
    settings.hold_ms = 0;
    decide_blown(&by, &s, hits, 1, NOW, &v);
    assert_int_equal(v.kind, VERDICT_CLEAR);
    assert_int_equal(v.n, 1);
}

static void test_danger_waits_for_nobody(void **state)
{
    struct simindex_hit hits[] = {hit(A, perhaps)};
    struct standing s = out(NEW_ONE, P(3));
    (void)state;
    put(out(A, P(3)));
    s.flags = REPORT_DANGER;
    struct verdict v = judge(s, hits, 1);
    assert_int_equal(v.kind, VERDICT_CLEAR);
    assert_int_equal(v.n, 1);
    hits[0] = hit(A, 1);
    assert_int_equal(judge(s, hits, 1).kind, VERDICT_MERGE); // its matter is told
}

static struct standing resolved(int64_t id, int state, int64_t at)
{
    struct standing s = out(id, P(3));
    s.moved = (uint8_t)state;
    s.resolved_at = at;
    return s;
}

static void test_resolved(void **state)
{
    struct simindex_hit hits[] = {hit(A, 1)};
    (void)state;
    put(resolved(A, STATE(RESOLVED), NOW - 30 * DAY));
    struct verdict v = judge(out(NEW_ONE, P(3)), hits, 1);
    assert_int_equal(v.kind, VERDICT_HOLD);
    assert_string_equal(v.like[0].rule, "RESOLVED");
    assert_int_equal(v.like[0].offer, OFFER_REOPEN | OFFER_NEW | OFFER_RECURRING);
    assert_int_equal(v.like[0].resolved_at, NOW - 30 * DAY);
    put(resolved(A, STATE(CLOSED), NOW - 1));
    assert_int_equal(judge(out(NEW_ONE, P(1)), hits, 1).kind, VERDICT_CLEAR);
    put(resolved(A, STATE(RULED_CLOSED), NOW - 1));
    v = judge(out(NEW_ONE, P(3)), hits, 1);
    assert_int_equal(v.like[0].offer, OFFER_NEW | OFFER_RECURRING);
    put(resolved(A, STATE(RESOLVED), NOW - 30 * DAY - 1));
    assert_int_equal(judge(out(NEW_ONE, P(3)), hits, 1).n, 0);
    put(resolved(A, STATE(CANCELLED), 0));
    assert_int_equal(judge(out(NEW_ONE, P(3)), hits, 1).n, 0);
    put(resolved(A, STATE(ACTIVE), 0)); // reopened
    assert_int_equal(judge(out(NEW_ONE, P(3)), hits, 1).kind, VERDICT_MERGE);
}

static void test_drill_and_asks(void **state)
{
    struct simindex_hit hits[] = {hit(A, 1)};
    struct standing drill = out(NEW_ONE, P(3)), asks = drill;
    (void)state;
    put(out(A, P(3)));
    drill.flags = REPORT_DRILL;
    assert_int_equal(judge(drill, hits, 1).n, 0);
    asks.asks = 77; // a tag, people: joined, its department would never hear of it
    struct verdict v = judge(asks, hits, 1);
    assert_int_equal(v.kind, VERDICT_HOLD);
    assert_string_equal(v.like[0].rule, "ASKS");
    struct standing same = out(A, P(3));
    same.asks = 77;
    put(same);
    assert_int_equal(judge(asks, hits, 1).kind, VERDICT_MERGE);
    assert_int_equal(judge(out(NEW_ONE, P(3)), hits, 1).kind, VERDICT_MERGE);
}

static void test_apart_is_never_the_same(void **state)
{
    struct simindex_hit hits[] = {hit(A, 1), hit(C, 1)};
    struct resemblance like[4];
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    put(out(C, P(3)));
    assert_int_equal(matters_join(matters, C, B, 1, 0), 0);
    assert_int_equal(matters_set_apart(matters, A, B, true), 0);
    size_t n = decide_likenesses(&by, matters_get(matters, B), hits, 2, like, 4);
    assert_int_equal(n, 1); // its own matter is none
    assert_int_equal(like[0].root, A);
    assert_string_equal(like[0].rule, "APART");
    assert_int_equal(like[0].band, MATCH_NEW);
}

// What its reporter says it is the same as: joined whatever the texts look like, but nothing that
// stands against a join by itself is overruled.
static struct verdict said(struct standing standing, int64_t same_as)
{
    struct verdict verdict = {.kind = VERDICT_CLEAR};
    decide_said(&by, &standing, same_as, &verdict);
    return verdict;
}

static void test_said_to_be_the_same(void **state)
{
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    assert_int_equal(matters_join(matters, B, A, 1, 0), 0);
    struct verdict v = said(out(NEW_ONE, P(3)), B);
    assert_int_equal(v.kind, VERDICT_MERGE);
    assert_int_equal(v.like[0].root, A);
    assert_int_equal(v.like[0].compared, B);
    assert_string_equal(v.like[0].rule, "SAID");
    assert_int_equal(said(out(NEW_ONE, P(2)), A).raise_to, 2);
    assert_int_equal(said(out(NEW_ONE, P(1)), A).kind,
                     VERDICT_CLEAR); // never a P1 into a lower one
    assert_int_equal(said(out(NEW_ONE, P(3)), 0).kind, VERDICT_CLEAR);
    assert_int_equal(said(out(NEW_ONE, P(3)), 999).kind, VERDICT_CLEAR);
    struct standing asks = out(NEW_ONE, P(3)), drill = asks;
    asks.asks = 77;
    drill.flags = REPORT_DRILL;
    assert_int_equal(said(asks, A).kind, VERDICT_CLEAR);
    assert_int_equal(said(drill, A).kind, VERDICT_CLEAR);
    settings.by_hand = true;
    assert_int_equal(said(out(NEW_ONE, P(3)), A).kind, VERDICT_CLEAR);
    settings.by_hand = false;
    put(resolved(A, STATE(RESOLVED), NOW - DAY));
    assert_int_equal(said(out(NEW_ONE, P(3)), A).kind, VERDICT_CLEAR);
}

// Its own, the most urgent of who is in it, one more at each threshold but never P1 by number.
static void test_priority_of_a_matter(void **state)
{
    struct decide_settings settings = {0};
    (void)state;
    assert_int_equal(decide_read_raise("5,20", &settings), 0);
    assert_int_equal(decide_priority(&settings, 3, 0, 0), 3);
    assert_int_equal(decide_priority(&settings, 3, 4, 1), 3);
    assert_int_equal(decide_priority(&settings, 3, 1, 1), 1);
    assert_int_equal(decide_priority(&settings, 4, 0, 5), 3);
    assert_int_equal(decide_priority(&settings, 4, 0, 20), 2);
    assert_int_equal(decide_priority(&settings, 2, 0, 100), 2);
    assert_int_equal(decide_priority(&settings, 1, 3, 100), 1);
}

static void test_best_first_and_bounded(void **state)
{
    struct simindex_hit hits[20];
    struct resemblance like[5];
    (void)state;
    for (int i = 0; i < 20; i++) {
        put(out(200 + i, P(3)));
        hits[i] = hit(200 + i, 0.01 * ((i * 7) % 20));
    }
    size_t n =
        decide_likenesses(&by, &(struct standing){.id = 1, .priority = 3}, hits, 20, like, 5);
    assert_int_equal(n, 5);
    for (size_t i = 1; i < n; i++)
        assert_true(like[i - 1].score.logit > like[i].score.logit);
    assert_true(like[0].score.probability > 0.185);
}

static void test_rise(void **state)
{
    (void)state;
    put(out(A, P(4)));
    for (int i = 0; i < 6; i++) {
        put(out(300 + i, P(4)));
        uint8_t to = decide_raise(&by, A, P(4), 1);
        assert_int_equal(to, i == 2 ? P(3) : i == 4 ? P(2) : 0);
        struct standing s = *matters_get(matters, A);
        s.priority = to != 0 ? to : s.priority;
        put(s);
        assert_int_equal(matters_join(matters, 300 + i, A, i + 1, 0), 0);
    }
    put(out(B, P(2)));
    assert_int_equal(decide_raise(&by, B, P(4), 9), 0);    // never to P1 by a number
    assert_int_equal(decide_raise(&by, B, P(1), 1), P(1)); // but by what joins
    put(out(C, P(4)));
    assert_int_equal(decide_raise(&by, C, P(4), 5), P(2));
    assert_int_equal(decide_raise(&by, C, P(3), 1), P(3));
}

static void test_raise_setting(void **state)
{
    struct decide_settings s;
    (void)state;
    static const char *const wrong[] = {"5,5", "0",     "-1",  "x",
                                        "5,",  "5, 6x", "9,8", "1,2,3,4,5,6,7,8,9"};
    assert_int_equal(decide_read_raise("", &s), 0);
    assert_int_equal(s.n_raise, 0);
    assert_int_equal(decide_read_raise("5,20", &s), 0);
    assert_int_equal(s.n_raise, 2);
    assert_int_equal(s.raise[1], 20);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(decide_read_raise(wrong[i], &s), WH_E_INVALID);
}

// ---- a person's word ----------------------------------------------------------------------------

static const struct asker raiser = {.party = UNIT}, street = {.party = STREET},
                          district = {.district = true}, stranger = {.party = 99}, nobody = {0};

static enum ask_result join(const struct asker *who, int64_t number, int64_t into, int how,
                            bool reason, enum wh_rule *ret_rule)
{
    struct ask_join ask = {number, into, NOW, (Whistle__V1__JoinAs)how, reason};
    struct ask_fault fault = {0};
    int64_t other = 0;
    enum ask_result result = ask_join(matters, who, &ask, &other, &fault);
    *ret_rule = fault.rule;
    if (result == ASK_JOIN || result == ASK_RECURS)
        assert_int_equal(other, matters_root(matters, into));
    return result;
}

static void refused(const struct asker *who, int64_t number, int64_t into, int how,
                    enum wh_rule wanted)
{
    enum wh_rule rule;
    assert_int_equal(join(who, number, into, how, false, &rule), ASK_REFUSED);
    assert_string_equal(wh_rule_info(rule)->name, wh_rule_info(wanted)->name);
}

static void test_who_may_join(void **state)
{
    enum wh_rule rule;
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    assert_int_equal(join(&raiser, A, B, HOW(DUPLICATE), false, &rule), ASK_JOIN);
    assert_int_equal(join(&street, A, B, HOW(DUPLICATE), false, &rule), ASK_JOIN);
    assert_int_equal(join(&district, A, B, HOW(DUPLICATE), false, &rule), ASK_JOIN);
    refused(&stranger, A, B, HOW(DUPLICATE), WH_RULE_DEDUP_WHO);
    refused(&nobody, A, B, HOW(DUPLICATE), WH_RULE_DEDUP_WHO);
}

static void test_join_rules(void **state)
{
    enum wh_rule rule;
    struct standing drill = out(D, P(3));
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    put(out(C, P(3)));
    drill.flags = REPORT_DRILL;
    put(drill);
    put((struct standing){.id = 900, .moved = STATE(RESOLVED)}); // only dispatch spoke of it
    refused(&district, 999, A, HOW(DUPLICATE), WH_RULE_NOT_FOUND);
    refused(&district, A, 999, HOW(DUPLICATE), WH_RULE_NOT_FOUND);
    refused(&district, 900, A, HOW(DUPLICATE), WH_RULE_NOT_FOUND);
    refused(&district, A, 900, HOW(DUPLICATE), WH_RULE_NOT_FOUND);
    refused(&district, A, A, HOW(DUPLICATE), WH_RULE_DEDUP_CYCLE);
    refused(&district, A, D, HOW(DUPLICATE), WH_RULE_DEDUP_DRILL);
    refused(&district, A, B, HOW(REOPEN), WH_RULE_DEDUP_NOT_RESOLVED);
    assert_int_equal(matters_join(matters, A, B, 1, 0), 0);
    refused(&district, B, A, HOW(DUPLICATE), WH_RULE_DEDUP_CYCLE);
    refused(&district, A, C, HOW(DUPLICATE), WH_RULE_DEDUP_JOINED);
    assert_int_equal(join(&district, A, B, HOW(DUPLICATE), false, &rule), ASK_DONE); // it is so
    assert_int_equal(join(&district, C, A, HOW(DUPLICATE), false, &rule), ASK_JOIN);
    assert_int_equal(matters_set_apart(matters, C, A, true), 0);
    refused(&district, C, B, HOW(DUPLICATE), WH_RULE_DEDUP_APART);
    assert_int_equal(join(&district, C, B, HOW(DUPLICATE), true, &rule), ASK_JOIN);
}

static void test_join_of_what_was_resolved(void **state)
{
    enum wh_rule rule;
    (void)state;
    put(out(A, P(3)));
    put(resolved(B, STATE(RESOLVED), NOW - DAY));
    refused(&district, A, B, HOW(DUPLICATE), WH_RULE_DEDUP_RESOLVED);
    assert_int_equal(join(&district, A, B, HOW(REOPEN), false, &rule), ASK_JOIN);
    assert_int_equal(join(&district, A, B, HOW(RECURRING), false, &rule), ASK_RECURS);
    refused(&district, B, A, HOW(DUPLICATE), WH_RULE_DEDUP_ENDED);
    put(resolved(B, STATE(RESOLVED), NOW - 31 * DAY));
    refused(&district, A, B, HOW(REOPEN), WH_RULE_DEDUP_ENDED);
    assert_int_equal(join(&district, A, B, HOW(RECURRING), false, &rule), ASK_RECURS);
    put(resolved(B, STATE(RULED_CLOSED), NOW - DAY));
    refused(&district, A, B, HOW(REOPEN), WH_RULE_DEDUP_ENDED);
    put(resolved(B, STATE(CANCELLED), 0));
    refused(&district, A, B, HOW(DUPLICATE), WH_RULE_DEDUP_ENDED);
    refused(&district, A, B, HOW(RECURRING), WH_RULE_DEDUP_ENDED);
    put(resolved(B, STATE(RESOLVED), NOW - DAY));
    struct standing told = out(A, P(3));
    told.flags = REPORT_RECURS;
    put(told);
    assert_int_equal(join(&district, A, B, HOW(RECURRING), false, &rule), ASK_DONE);
}

static enum ask_result split(const struct asker *who, int64_t number, enum wh_rule *ret_rule)
{
    struct ask_fault fault = {0};
    int64_t other = 0;
    enum ask_result result = ask_split(matters, who, number, &other, &fault);
    *ret_rule = fault.rule;
    if (result == ASK_SPLIT)
        assert_int_equal(other, matters_root(matters, number));
    return result;
}

static void test_split(void **state)
{
    enum wh_rule rule;
    struct standing held = out(C, P(3)), doubt = out(D, P(3));
    (void)state;
    put(out(A, P(3)));
    put(out(B, P(3)));
    held.stage = STAGE_HELD;
    held.until_at = NOW + MINUTE;
    put(held);
    doubt.flags = REPORT_DOUBT;
    put(doubt);
    assert_int_equal(split(&street, A, &rule), ASK_REFUSED);
    assert_int_equal(rule, WH_RULE_DEDUP_NOT_JOINED);
    assert_int_equal(matters_join(matters, A, B, 1, 0), 0);
    assert_int_equal(split(&street, A, &rule), ASK_SPLIT);
    assert_int_equal(split(&stranger, A, &rule), ASK_REFUSED);
    assert_int_equal(rule, WH_RULE_DEDUP_WHO);
    assert_int_equal(split(&raiser, C, &rule), ASK_CLEAR);
    assert_int_equal(split(&raiser, D, &rule), ASK_CLEAR);
    assert_int_equal(matters_split(matters, A), 0);
    assert_int_equal(matters_set_apart(matters, A, B, true), 0);
    assert_int_equal(split(&street, A, &rule), ASK_DONE); // it was
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bands),
        TEST(test_one_a_matter),
        TEST(test_p1),
        TEST(test_hold_counts_from_the_blowing),
        TEST(test_danger_waits_for_nobody),
        TEST(test_resolved),
        TEST(test_drill_and_asks),
        TEST(test_apart_is_never_the_same),
        TEST(test_said_to_be_the_same),
        TEST(test_priority_of_a_matter),
        TEST(test_best_first_and_bounded),
        TEST(test_rise),
        TEST(test_raise_setting),
        TEST(test_who_may_join),
        TEST(test_join_rules),
        TEST(test_join_of_what_was_resolved),
        TEST(test_split),
    };
    return cmocka_run_group_tests_name("dedup decide", tests, NULL, NULL);
}
