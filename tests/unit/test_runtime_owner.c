// SPDX-License-Identifier: Apache-2.0
// Who owns the journal: the database gone and back, a standby that takes over from a killed and
// from a frozen owner, a zombie that wakes up, a database restored to an older day.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/tiny.h"

static struct tiny *tiny;
static pid_t first, second;
static struct wh_follower *follower;

#define COUNTED "SELECT coalesce(max(n), 0) FROM intake.counter WHERE id = 202611230000001"

static int setup(void **state)
{
    (void)state;
    tiny = tiny_new();
    first = tiny_start(tiny, "intake", 0, NULL);
    tiny_client(tiny, 30000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wh_follower_free(follower);
    int code = first ? tiny_stop(first) : 0;
    code |= second ? tiny_stop(second) : 0;
    tiny_free(tiny);
    return code;
}

static void database_gone(void **state)
{
    (void)state;
    assert_int_equal(tiny_say(tiny, 1, "one", NULL)->error, 0);
    pg_kill(tiny->pg);
    tiny_client(tiny, 1500);
    const struct tiny_answer *answer = tiny_say(tiny, 1, "while it is gone", NULL);
    assert_true(answer->status != 0 || answer->error == 503);
    if (answer->error)
        assert_string_equal(answer->rule, "busy.database");
    assert_true(tiny_bound(tiny, "intake", 0));
    pg_start(tiny->pg);
    tiny_client(tiny, 30000);
    int64_t before = tiny_now();
    assert_int_equal(tiny_say(tiny, 1, "back", NULL)->error, 0);
    assert_true(tiny_now() - before < 5000);
    assert_int_equal(pg_int(tiny->pg, COUNTED), 2);
}

static void no_database_at_start(void **state)
{
    (void)state;
    assert_int_equal(tiny_stop(first), 0);
    pg_stop(tiny->pg);
    first = tiny_start(tiny, "intake", 0, NULL);
    tiny_client(tiny, 1200);
    const struct tiny_answer *answer = tiny_say(tiny, 1, "too early", NULL);
    assert_true(answer->status != 0 || answer->error == 503);
    assert_true(tiny_bound(tiny, "intake", 0));
    pg_start(tiny->pg);
    tiny_client(tiny, 30000);
    assert_int_equal(tiny_say(tiny, 1, "now", NULL)->error, 0);
    assert_int_equal(pg_int(tiny->pg, COUNTED), 3);
}

// The commands keep coming while the owner dies: each has its effect once, by its request id.
static void owner_killed(void **state)
{
    (void)state;
    second = tiny_start(tiny, "intake", 1, NULL);
    tiny_run(tiny, 1500);
    assert_true(tiny_bound(tiny, "intake", 0));
    assert_false(tiny_bound(tiny, "intake", 1));
    size_t heard = tiny->heard;
    for (int i = 0; i < 5000; i++)
        tiny_ask(tiny, 2, "flow", NULL);
    while (tiny->heard < heard + 1000)
        tiny_run(tiny, 1);
    assert_true(tiny->heard < tiny->asked);
    tiny_kill(first);
    first = 0;
    int64_t before = tiny_now();
    assert_true(tiny_answered(tiny, 30000));
    printf("taken over and all answered %lld ms after the kill\n",
           (long long)(tiny_now() - before));
    assert_true(tiny_bound(tiny, "intake", 1));
    assert_int_equal(pg_int(tiny->pg, "SELECT n FROM intake.counter WHERE id = 202611230000002"),
                     5000);
}

static void owner_frozen(void **state)
{
    (void)state;
    int64_t epoch = pg_int(tiny->pg, "SELECT epoch FROM intake.head");
    first = tiny_start(tiny, "intake", 0, NULL);
    tiny_run(tiny, 1500);
    kill(second, SIGSTOP);
    int64_t before = tiny_now();
    assert_int_equal(tiny_say(tiny, 1, "while frozen", NULL)->error, 0);
    printf("answered by the standby %lld ms after the freeze\n", (long long)(tiny_now() - before));
    assert_true(tiny_now() - before >= 9000);
    assert_int_equal(pg_int(tiny->pg, "SELECT epoch FROM intake.head"), epoch + 1);
    int64_t seq = pg_int(tiny->pg, "SELECT seq FROM intake.head");
    kill(second, SIGCONT);
    tiny_run(tiny, 3000);
    assert_int_equal(pg_int(tiny->pg, "SELECT epoch FROM intake.head"), epoch + 1);
    assert_int_equal(pg_int(tiny->pg, "SELECT seq FROM intake.head"), seq);
    assert_false(tiny_bound(tiny, "intake", 1));
    assert_int_equal(tiny_wait(second, 100), 1000); // lives, as a standby
    assert_int_equal(tiny_say(tiny, 1, "after the zombie", NULL)->error, 0);
    assert_int_equal(tiny_stop(second), 0);
    second = 0;
}

// ---- an older tail ---------------------------------------------------------------------------

struct listener {
    int64_t seen, head;
    bool rewound;
};

static void on_events(void *arg, struct wh_follower *from, const Whistle__V1__Events *events)
{
    struct listener *listener = arg;
    listener->seen = events->upto;
    wh_follower_done(from, events->upto);
}

static void on_rewound(void *arg, struct wh_follower *from, const Whistle__V1__Rewound *rewound)
{
    struct listener *listener = arg;
    (void)from;
    listener->rewound = true;
    listener->head = rewound->head;
}

static struct wh_follower *begin_listening(struct listener *listener)
{
    char path[128], why[256];
    struct wh_follow_options options = {
        .key = tiny->key,
        .feed = "intake",
        .name = "test",
        .on_events = on_events,
        .on_rewound = on_rewound,
        .arg = listener,
    };
    struct wh_follower *made = NULL;
    snprintf(path, sizeof path, "%s/doors", tiny->dir);
    assert_int_equal(wh_doors_find(path, "feed", "intake", &options.door, why, sizeof why), 0);
    assert_int_equal(wh_follower_new(tiny->bus, &options, &made), 0);
    return made;
}

static void copy_data(const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s/%s' && cp -a '%s/%s' '%s/%s'", pg_dir(tiny->pg),
             to, pg_dir(tiny->pg), from, pg_dir(tiny->pg), to);
    assert_int_equal(system(command), 0);
}

static void older_tail(void **state)
{
    (void)state;
    struct listener listener = {0};
    assert_int_equal(tiny_say(tiny, 3, "kept", NULL)->error, 0);
    follower = begin_listening(&listener);
    pg_stop(tiny->pg);
    copy_data("data", "backup");
    pg_start(tiny->pg);
    for (int i = 0; i < 5; i++)
        assert_int_equal(tiny_say(tiny, 3, "lost", NULL)->error, 0);
    int64_t head = pg_int(tiny->pg, "SELECT seq FROM intake.head");
    for (int i = 0; i < 100 && listener.seen < head; i++)
        tiny_run(tiny, 50);
    assert_int_equal(listener.seen, head);
    pg_stop(tiny->pg);
    copy_data("backup", "data");
    pg_start(tiny->pg);
    assert_int_equal(tiny_say(tiny, 3, "another future", NULL)->error, 0);
    assert_int_equal(pg_int(tiny->pg, "SELECT n FROM intake.counter WHERE id = 202611230000003"),
                     2);
    assert_int_equal(pg_int(tiny->pg, "SELECT seq FROM intake.head"), head - 4);
    for (int i = 0; i < 200 && !listener.rewound; i++)
        tiny_run(tiny, 50);
    assert_true(listener.rewound);
    assert_in_range(listener.head, head - 5, head - 4);
}

int main(int argc, char **argv)
{
    int code;
    if (tiny_is_service(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(database_gone), cmocka_unit_test(no_database_at_start),
        cmocka_unit_test(owner_killed),  cmocka_unit_test(owner_frozen),
        cmocka_unit_test(older_tail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
