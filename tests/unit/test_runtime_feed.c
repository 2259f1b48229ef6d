// SPDX-License-Identifier: Apache-2.0
// The feed's publishing side against a real journal: for random subscriptions, credits, reconnects
// and commits every (after, upto] a follower gets is contiguous and complete; rewound pasts are
// told; nobody hears what is not theirs; `seen` is kept; a revoked key falls silent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/feed.h"
#include "runtime/log.h"
#include "support/feed_ear.h"
#include "support/pg.h"

static struct pg *pg;

// ---- one publisher ---------------------------------------------------------------------------

static int32_t subject(void *state, const char *code)
{
    (void)state;
    return strncmp(code, "D", 1) == 0 && code[1] >= '0' && code[1] <= '7' ? 16 + code[1] - '0' : 0;
}

static const struct wh_feed_name names[] = {
    {"intake", 0, WH_ROLE_SERVICE | WH_ROLE_AUDITOR},
    {"p1", 1, WH_ROLE_SERVICE},
};

static const struct wh_service service = {
    .name = "intake", .feeds = names, .n_feeds = 2, .subject = subject};

// Key 0 hears all, key 1 may verify, keys 2 to 6 are departments, key 7 is nobody.
static const struct ring_key ring[] = {
    {0, "dispatch", WH_ROLE_SERVICE}, {1, "AUDIT", WH_ROLE_AUDITOR},  {2, "D0", WH_ROLE_DEPARTMENT},
    {3, "D1", WH_ROLE_DEPARTMENT},    {4, "D2", WH_ROLE_DEPARTMENT},  {5, "D3", WH_ROLE_DEPARTMENT},
    {6, "D4", WH_ROLE_DEPARTMENT},    {7, "ODD", WH_ROLE_DEPARTMENT},
};

struct test {
    struct net net;
    struct wh_identity *identity;
    struct wh_db *viewer;
    struct wh_tail *tail;
    struct wh_feed *feed;
    struct past past;
    struct wh_door where;
    struct ear ears[12];
    size_t n_ears;
    char conninfo[256];
    bool ready;
    uint64_t random;
};

static uint32_t pick(struct test *test, uint32_t below)
{
    return past_random(&test->random) % below;
}

static void feed_begin(struct test *test)
{
    struct wh_feed_options options = {
        .bus = test->net.bus,
        .endpoint = test->where.endpoints[0],
        .key = &test->net.server,
        .service = &service,
        .identity = test->identity,
        .tail = test->tail,
        .viewer = test->viewer,
        .epoch = 3,
    };
    assert_int_equal(wh_feed_open(&options, &test->feed), 0);
}

static void on_lost(void *arg, struct wh_db *db, const char *why)
{
    (void)arg;
    (void)db;
    (void)why;
}

static void on_ready(void *arg, struct wh_db *db)
{
    (void)db;
    *(bool *)arg = true;
}

static int setup(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    net_init(&test->net);
    test->random = 0xfeed;
    test->identity = ring_identity(&test->net, ring, 8);
    test->where = net_door(&test->net, "feed", 1);
    test->tail = wh_tail_new(1 << 20, 200);
    pg_run(pg, "TRUNCATE intake.journal, intake.follower");
    snprintf(test->conninfo, sizeof test->conninfo, "%s", pg_conninfo(pg, "whistle_intake"));
    struct wh_db_options options = {.conninfo = test->conninfo,
                                    .schema = "intake",
                                    .application = "test",
                                    .sql = wh_feed_sql,
                                    .n_sql = wh_feed_sql_n,
                                    .on_ready = on_ready,
                                    .on_lost = on_lost,
                                    .arg = &test->ready};
    assert_int_equal(wh_db_open(&test->net.loop, &options, &test->viewer), 0);
    assert_true(net_until(&test->net, &test->ready, 5000));
    feed_begin(test);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct test *test = *state;
    for (size_t i = 0; i < test->n_ears; i++)
        ear_close(&test->ears[i]);
    wh_feed_close(test->feed);
    wh_db_close(test->viewer);
    wh_identity_free(test->identity);
    net_done(&test->net);
    wh_tail_free(test->tail);
    past_done(&test->past);
    free(test);
    return 0;
}

// n more rows: in the journal, in the tail, and the feed is told.
static void commit(struct test *test, size_t n)
{
    past_grow(&test->past, n, &test->random, pg_conn(pg), test->tail);
    wh_feed_moved(test->feed);
}

static struct ear *ear_new(struct test *test, int key, const char *feed)
{
    struct ear *ear = &test->ears[test->n_ears++];
    ear_open(ear, &test->net, &test->where, key, feed, &test->past);
    return ear;
}

static void until_caught_up(struct test *test, struct ear *ear)
{
    for (int i = 0; i < 2000 && ear->at < test->past.head; i++)
        net_run(&test->net, 5);
    assert_int_equal(ear->at, test->past.head);
}

// ---- the property ----------------------------------------------------------------------------

// Services and auditors may name whom they want to hear of.
static void random_subscription(struct test *test, struct ear *ear, int i)
{
    static const char *const codes[] = {"D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7"};
    ear->n_subjects = 0;
    if (i < 2 || i == 8)
        for (uint32_t k = pick(test, 3); k > 0; k--)
            ear->subjects[ear->n_subjects++] = codes[pick(test, 8)];
}

static void step(struct test *test)
{
    struct ear *ear = &test->ears[pick(test, (uint32_t)test->n_ears)];
    switch (pick(test, 8)) {
    case 0:
    case 1:
    case 2:
        commit(test, pick(test, 60) + 1);
        break;
    case 3:
    case 4:
    case 5:
        ear_credit(ear, (int32_t)pick(test, 100), pick(test, 20000));
        break;
    case 6: // follows again, from where it stands or from its past
        if (pick(test, 3) == 0)
            ear->at -= pick(test, (uint32_t)ear->at / 4 + 1);
        ear_follow(ear, (int32_t)pick(test, 50), pick(test, 30000), pick(test, 2) == 0);
        break;
    default: // the connection breaks
        ear_reconnect(ear);
        ear_follow(ear, (int32_t)pick(test, 50), pick(test, 30000), true);
    }
    net_run(&test->net, (int)pick(test, 4));
}

static void every_range_is_contiguous_and_complete(void **state)
{
    struct test *test = *state;
    commit(test, 23000); // three ranges, all but 200 rows only in the journal
    for (int i = 0; i < 9; i++) {
        struct ear *ear = ear_new(test, i % 7, i == 7 ? "p1" : "intake");
        random_subscription(test, ear, i);
        ear_follow(ear, 64, 65536, true);
    }
    for (int i = 0; i < 800; i++)
        step(test);
    for (size_t i = 0; i < test->n_ears; i++)
        ear_follow(&test->ears[i], 1 << 20, 64 << 20, true);
    for (size_t i = 0; i < test->n_ears; i++) {
        until_caught_up(test, &test->ears[i]);
        assert_int_equal(test->ears[i].rewound, 0);
        assert_true(test->ears[i].live);
    }
    assert_true(wh_feed_counts(test->feed).reads > 20);
    assert_int_equal(wh_feed_backlog(test->feed), 0);
}

static void hashes_verify_the_chain(void **state)
{
    struct test *test = *state;
    commit(test, 900);
    struct ear *ear = ear_new(test, 1, "intake");
    ear->hashes = true; // each row's hash is compared with the chain by the ear
    ear_follow(ear, 5000, 10 << 20, true);
    until_caught_up(test, ear);
    assert_int_equal(ear->hashed, 900);
    ear = ear_new(test, 2, "intake");
    ear->hashes = true;
    ear_follow(ear, 100, 10000, true);
    ear_expect(ear, "role.not_allowed", "hashes");
}

// ---- pasts that differ -----------------------------------------------------------------------

static void follow_from(struct test *test, struct ear *ear, int64_t at, const uint8_t *hash)
{
    ear->at = at;
    ear->rewound = 0;
    ear->claim = hash;
    ear_follow(ear, 10, 10000, true);
    ear->claim = NULL;
    for (int i = 0; i < 200 && ear->rewound == 0 && ear->batches == 0; i++)
        net_run(&test->net, 5);
}

static void another_past_is_told_loudly(void **state)
{
    struct test *test = *state;
    uint8_t wrong[WH_HASH_SIZE] = {1};
    commit(test, 600);
    struct ear *ear = ear_new(test, 0, "intake");
    follow_from(test, ear, 601, NULL); // beyond the head
    assert_int_equal(ear->rewound, 1);
    assert_int_equal(ear->rewound_head, 600);
    follow_from(test, ear, 590, wrong); // of the tail
    assert_int_equal(ear->rewound, 1);
    follow_from(test, ear, 17, wrong); // of the journal
    assert_int_equal(ear->rewound, 1);
    follow_from(test, ear, 0, wrong); // of the beginning
    assert_int_equal(ear->rewound, 1);
    assert_int_equal(wh_feed_listeners(test->feed), 0);
    ear->batches = 0;
    ear->forget_hash = true; // none claimed
    follow_from(test, ear, 17, NULL);
    assert_int_equal(ear->rewound, 0);
    assert_int_equal(ear->at, 27);
}

static void stored_beyond_the_head_is_rewound(void **state)
{
    struct test *test = *state;
    pg_run(pg, "INSERT INTO intake.follower VALUES ('intake', 'dispatch', 'disk', 900, 1)");
    wh_feed_suspend(test->feed);
    wh_feed_resume(test->feed, 4);
    net_run(&test->net, 300);
    commit(test, 10);
    struct ear *ear = ear_new(test, 0, "intake");
    ear->name = "disk";
    ear->stored = true;
    ear_follow(ear, 10, 1000, true);
    for (int i = 0; i < 100 && ear->rewound == 0; i++)
        net_run(&test->net, 5);
    assert_int_equal(ear->rewound, 1);
}

static void from_the_newest_on(void **state)
{
    struct test *test = *state;
    commit(test, 23000);
    const int64_t newest[] = {1, 500, 21000, 22999, 23000, 90000};
    for (size_t i = 0; i < sizeof newest / sizeof *newest; i++) {
        struct ear *ear = ear_new(test, 0, "intake");
        ear->newest = newest[i];
        ear_follow(ear, 1 << 20, 64 << 20, true);
        until_caught_up(test, ear);
        assert_int_equal(ear->rewound, 0);
        assert_int_equal(ear->began, newest[i] < 23000 ? 23000 - newest[i] : 0);
        assert_int_equal(ear->events, newest[i] < 23000 ? newest[i] : 23000);
    }
    struct ear *ear = ear_new(test, 0, "intake");
    ear->newest = -1;
    ear_follow(ear, 10, 1000, true);
    for (int i = 0; i < 100 && ear->refusals == 0; i++)
        net_run(&test->net, 5);
    assert_string_equal(ear->field, "newest");
}

static void a_journal_that_lost_rows_is_told(void **state)
{
    struct test *test = *state;
    commit(test, 3000);
    pg_run(pg, "DELETE FROM intake.journal WHERE seq > 1500"); // the head and the tail know better
    struct ear *ear = ear_new(test, 2, "intake");
    ear_follow(ear, 1 << 20, 64 << 20, true);
    for (int i = 0; i < 1000 && ear->rewound == 0; i++)
        net_run(&test->net, 5);
    assert_int_equal(ear->rewound, 1);
    assert_true(ear->at <= 1500); // nothing was claimed of what is not there
}

// ---- who may hear what -----------------------------------------------------------------------

static void refusals(void **state)
{
    struct test *test = *state;
    struct ear *one = ear_new(test, 2, "intake"), *all = ear_new(test, 0, "intake");
    commit(test, 5);
    ear_follow(ear_new(test, 2, "none"), 1, 1, true);
    ear_expect(&test->ears[2], "field.unknown", "feed");
    ear_follow(ear_new(test, 2, "p1"), 1, 1, true);
    ear_expect(&test->ears[3], "role.not_allowed", "feed");
    ear_follow(ear_new(test, 7, "intake"), 1, 1, true); // a body the district does not know
    ear_expect(&test->ears[4], "role.not_allowed", "feed");
    one->subjects[0] = "D1";
    one->n_subjects = 1;
    ear_follow(one, 1, 1, true);
    ear_expect(one, "scope.foreign", "subjects");
    all->subjects[0] = "X";
    all->n_subjects = 1;
    ear_follow(all, 1, 1, true);
    ear_expect(all, "field.unknown", "subjects");
    all->n_subjects = 0;
    all->name = "a name";
    ear_follow(all, 1, 1, true);
    ear_expect(all, "field.format", "name");
    all->name = "";
    all->stored = true;
    ear_follow(all, 1, 1, true);
    ear_expect(all, "field.missing", "name");
    all->stored = false;
    ear_follow(all, -1, 1, true);
    ear_expect(all, "field.range", "credit_events");
    all->at = -5;
    all->forget_hash = true;
    ear_follow(all, 1, 1, true);
    ear_expect(all, "field.range", "after");
    assert_int_equal(wh_feed_listeners(test->feed), 0);
    ear_credit(all, 1, 1); // of nobody who follows: follow again, soon
    ear_expect(all, "busy.starting", "");
}

static void a_revoked_key_is_told_and_forgotten(void **state)
{
    struct test *test = *state;
    struct ear *gone = ear_new(test, 2, "intake"), *stays = ear_new(test, 3, "intake");
    struct ring_key fewer[7];
    ear_follow(gone, 1000, 1 << 20, true);
    ear_follow(stays, 1000, 1 << 20, true);
    commit(test, 50);
    until_caught_up(test, stays);
    memcpy(fewer, ring, sizeof fewer);
    fewer[2] = ring[7];
    ring_write(&test->net, fewer, 7);
    for (int i = 0; i < 100 && gone->refusals == 0; i++)
        net_run(&test->net, 50); // 5 s at most
    ear_expect(gone, "auth.unknown", "");
    unsigned batches = gone->batches;
    commit(test, 50);
    until_caught_up(test, stays);
    assert_int_equal(gone->batches, batches);
    assert_int_equal(wh_feed_listeners(test->feed), 1);
    assert_int_equal(wh_feed_counts(test->feed).revoked, 1);
}

// The process ends in order: everybody is told to come back, and hears nothing more.
static void its_end_is_told(void **state)
{
    struct test *test = *state;
    struct ear *one = ear_new(test, 2, "intake"), *other = ear_new(test, 3, "intake");
    ear_follow(one, 1000, 1 << 20, true);
    ear_follow(other, 1000, 1 << 20, true);
    commit(test, 50);
    until_caught_up(test, one);
    until_caught_up(test, other);
    wh_feed_end(test->feed);
    for (int i = 0; i < 100 && one->refusals + other->refusals < 2; i++)
        net_run(&test->net, 20);
    ear_expect(one, "busy.stopping", "");
    ear_expect(other, "busy.stopping", "");
    assert_int_equal(wh_feed_listeners(test->feed), 0);
}

// ---- seen, lag, silence ----------------------------------------------------------------------

static void seen_is_kept_by_name(void **state)
{
    struct test *test = *state;
    int64_t events, ms;
    struct ear *ear = ear_new(test, 0, "intake");
    commit(test, 300);
    assert_false(wh_feed_lag(test->feed, "disk", &events, &ms));
    ear->name = "disk";
    ear_follow(ear, 100, 1 << 20, true);
    for (int i = 0; i < 400 && ear->at < 100; i++)
        net_run(&test->net, 5);
    assert_int_equal(ear->at, 100);
    ear_tell(ear, 90);
    for (int i = 0; i < 60 && pg_int(pg, "SELECT coalesce(max(seen), 0) FROM intake.follower") < 90;
         i++)
        net_run(&test->net, 50);
    assert_int_equal(pg_int(pg, "SELECT seen FROM intake.follower WHERE feed = 'intake'"
                                " AND identity = 'dispatch' AND name = 'disk'"),
                     90);
    assert_int_equal(wh_feed_seen_by(test->feed, "dispatch"), 90);
    assert_int_equal(wh_feed_seen_by(test->feed, "D0"), 0);
    assert_true(wh_feed_lag(test->feed, "disk", &events, &ms));
    assert_int_equal(events, 210);
    ear_close(ear);
    wh_feed_close(test->feed);
    net_run(&test->net, 50);
    feed_begin(test); // another life of the publisher
    net_run(&test->net, 300);
    ear = ear_new(test, 0, "intake");
    ear->name = "disk";
    ear->stored = true;
    ear_follow(ear, 1000, 1 << 20, true);
    for (int i = 0; i < 400 && ear->at < 300; i++)
        net_run(&test->net, 5);
    assert_int_equal(ear->began, 90);
    assert_int_equal(ear->at, 300);
}

static void silence_is_broken_every_second(void **state)
{
    struct test *test = *state;
    struct ear *ear = ear_new(test, 2, "intake"), *poor = ear_new(test, 3, "intake");
    commit(test, 40);
    ear_follow(ear, 1000, 1 << 20, true);
    ear_follow(poor, 0, 0, true); // no credit at all
    until_caught_up(test, ear);
    for (int i = 0; i < 3; i++) {
        unsigned batches = ear->batches, others = poor->batches;
        net_run(&test->net, 1050);
        assert_true(ear->batches > batches);
        assert_true(poor->batches > others);
    }
    assert_int_equal(poor->events, 0);
    assert_true(poor->at < test->past.head);
    past_quiet(&test->past, 30, pg_conn(pg), test->tail); // rows for nobody
    wh_feed_moved(test->feed);
    until_caught_up(test, ear);
}

static void suspended_it_is_silent(void **state)
{
    struct test *test = *state;
    struct ear *ear = ear_new(test, 0, "intake");
    ear_follow(ear, 1000, 1 << 20, true);
    commit(test, 20);
    until_caught_up(test, ear);
    wh_feed_suspend(test->feed);
    unsigned batches = ear->batches;
    ear_reconnect(ear);
    ear_follow(ear, 1000, 1 << 20, true);
    net_run(&test->net, 1500);
    assert_int_equal(ear->batches, batches);
    wh_feed_resume(test->feed, 9);
    ear_reconnect(ear);
    commit(test, 20);
    ear_follow(ear, 1000, 1 << 20, true);
    until_caught_up(test, ear);
    assert_int_equal(ear->epoch, 9);
}

static void a_lost_database_only_delays(void **state)
{
    struct test *test = *state;
    struct ear *behind = ear_new(test, 0, "intake"), *live = ear_new(test, 2, "intake");
    commit(test, 5000);
    live->at = 4900;
    ear_follow(live, 1000, 1 << 20, true);
    wh_db_drop(test->viewer, "test");
    ear_follow(behind, 1 << 20, 64 << 20, true);
    until_caught_up(test, live); // from memory
    until_caught_up(test, behind);
}

static int group_setup(void **state)
{
    (void)state;
    static const char *const services[] = {"intake", NULL};
    pg = pg_new();
    pg_migrate(pg, services);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    pg_free(pg);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_range_is_contiguous_and_complete),
        TEST(hashes_verify_the_chain),
        TEST(another_past_is_told_loudly),
        TEST(stored_beyond_the_head_is_rewound),
        TEST(from_the_newest_on),
        TEST(a_journal_that_lost_rows_is_told),
        TEST(refusals),
        TEST(a_revoked_key_is_told_and_forgotten),
        TEST(its_end_is_told),
        TEST(seen_is_kept_by_name),
        TEST(silence_is_broken_every_second),
        TEST(suspended_it_is_silent),
        TEST(a_lost_database_only_delays),
    };
    wh_log_init("test", WH_LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
