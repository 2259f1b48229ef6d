// SPDX-License-Identifier: Apache-2.0
// The keyring in memory: changes are seen within seconds, a broken file changes nothing, times
// count. And windows by key: for random entering and leaving the sums are those of a plain count.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "runtime/log.h"
#include "runtime/window.h"
#include "support/ring.h"

static const struct ring_key ring[] = {
    {0, "990101001", WH_ROLE_STREET},
    {1, "GASCO", WH_ROLE_DEPARTMENT},
    {2, "GASCO", WH_ROLE_DEPARTMENT | WH_ROLE_NOTIFIER},
};

struct test {
    struct net net;
    struct wh_identity *identity;
};

static int setup(void **state)
{
    struct test *test = calloc(1, sizeof *test);
    net_init(&test->net);
    test->identity = ring_identity(&test->net, ring, 3);
    *state = test;
    return 0;
}

static int teardown(void **state)
{
    struct test *test = *state;
    wh_identity_free(test->identity);
    net_done(&test->net);
    free(test);
    return 0;
}

static bool live(const struct test *test, int key)
{
    return wh_identity_find(test->identity, test->net.keys[key].public_key) != NULL;
}

static void changes_act_within_seconds(void **state)
{
    struct test *test = *state;
    assert_true(live(test, 0) && live(test, 1) && live(test, 2) && !live(test, 3));
    assert_string_equal(wh_identity_find(test->identity, test->net.keys[2].public_key)->identity,
                        "GASCO");
    assert_int_equal(wh_identity_roles(test->identity, "GASCO"),
                     WH_ROLE_DEPARTMENT | WH_ROLE_NOTIFIER);
    assert_int_equal(wh_identity_roles(test->identity, "NOBODY"), 0);
    ring_write(&test->net, ring, 2); // one of two keys revoked
    net_run(&test->net, 2500);
    assert_true(live(test, 1) && !live(test, 2));
    assert_int_equal(wh_identity_roles(test->identity, "GASCO"), WH_ROLE_DEPARTMENT);
    const struct ring_key other[] = {{3, "GASCO", WH_ROLE_DEPARTMENT}};
    ring_write(&test->net, other, 1);
    wh_identity_reload(test->identity); // SIGHUP: at once
    assert_true(live(test, 3) && !live(test, 0) && !live(test, 1));
    assert_ptr_equal(wh_identity_zap(test->identity, test->net.keys[3].public_key),
                     wh_identity_find(test->identity, test->net.keys[3].public_key));
}

static void write_raw(struct test *test, const char *text)
{
    FILE *file = fopen(ring_write(&test->net, ring, 0), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_broken_file_changes_nothing(void **state)
{
    struct test *test = *state;
    write_raw(test, "this is no keyring\n");
    net_run(&test->net, 2500);
    assert_true(live(test, 0) && live(test, 1));
    assert_non_null(strstr(wh_identity_broken(test->identity), "expected"));
    write_raw(test, "# no key at all: a slip, too\n");
    wh_identity_reload(test->identity);
    assert_true(live(test, 0));
    assert_non_null(strstr(wh_identity_broken(test->identity), "no key"));
    ring_write(&test->net, ring, 3);
    wh_identity_reload(test->identity);
    assert_null(wh_identity_broken(test->identity));
}

// A handshake with a key that was added a moment ago does not have to wait for the next look.
static void a_new_key_works_at_once(void **state)
{
    struct test *test = *state;
    const struct ring_key more[] = {{0, "990101001", WH_ROLE_STREET},
                                    {3, "GASCO", WH_ROLE_DEPARTMENT}};
    const char *fresh = test->net.keys[3].public_key;
    net_run(&test->net, 150);
    ring_write(&test->net, more, 2);
    assert_int_equal(wh_identity_why(test->identity, fresh), WH_RULE_AUTH_UNKNOWN);
    assert_non_null(wh_identity_zap(test->identity, fresh));
}

static void times_count(void **state)
{
    struct test *test = *state;
    char text[400];
    snprintf(text, sizeof text,
             "%s OLD street 2020-01-01T00:00:00Z 2021-01-01T00:00:00Z\n"
             "%s NEW street 2020-01-01T00:00:00Z -\n%s LATER street 2200-01-01T00:00:00Z -\n",
             test->net.keys[0].public_key, test->net.keys[1].public_key,
             test->net.keys[2].public_key);
    write_raw(test, text);
    wh_identity_reload(test->identity);
    assert_true(!live(test, 0) && live(test, 1) && !live(test, 2));
    assert_int_equal(wh_identity_why(test->identity, test->net.keys[0].public_key),
                     WH_RULE_AUTH_ENDED);
    assert_int_equal(wh_identity_roles(test->identity, "OLD"), 0);
    assert_int_equal(wh_identity_roles(test->identity, "NEW"), WH_ROLE_STREET);
}

static void no_file_at_the_start_is_an_error(void **state)
{
    struct test *test = *state;
    struct wh_identity *identity = NULL;
    char why[256] = "";
    assert_int_not_equal(
        wh_identity_new(&test->net.loop, "/nonexistent/ring", &identity, why, sizeof why), 0);
    assert_null(identity);
    assert_non_null(strstr(why, "/nonexistent/ring"));
}

// ---- windows ---------------------------------------------------------------------------------

#define KEYS 3000
#define HELD 200

struct held {
    struct wh_window *window;
    size_t bytes;
    int key;
};

static uint32_t random_below(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % below;
}

static void key_text(int key, char text[WH_KEY_Z85])
{
    snprintf(text, WH_KEY_Z85, "%08x%032d", (unsigned)key * 2654435761u, key);
}

static void windows_add_up(void **state)
{
    (void)state;
    struct wh_windows windows = {
        .limits = {
            .peer_messages = 4, .peer_bytes = 1000, .all_messages = 150, .all_bytes = 40000}};
    struct held held[HELD];
    size_t n = 0, bytes = 0, peer_n[KEYS] = {0}, peer_bytes[KEYS] = {0};
    uint64_t random = 42;
    for (int i = 0; i < 200000; i++) {
        if (n > 0 && random_below(&random, 2) == 0) {
            size_t k = random_below(&random, (uint32_t)n);
            wh_window_leave(&windows, held[k].window, held[k].bytes);
            bytes -= held[k].bytes;
            peer_n[held[k].key]--;
            peer_bytes[held[k].key] -= held[k].bytes;
            held[k] = held[--n];
            continue;
        }
        char text[WH_KEY_Z85];
        int key = (int)random_below(&random, random_below(&random, 4) == 0 ? KEYS : 30);
        size_t size = random_below(&random, 1500);
        key_text(key, text);
        struct wh_window *window = wh_window_of(&windows, text);
        bool all_full = n + 1 > 150 || (n > 0 && bytes + size > 40000);
        size_t free_n = (150 - n) / 4, free_bytes = (40000 - bytes) / 4;
        bool peer_full = peer_n[key] > 0 &&
                         (peer_n[key] + 1 > 4 || peer_n[key] + 1 > free_n ||
                          peer_bytes[key] + size > 1000 || peer_bytes[key] + size > free_bytes);
        enum wh_window_verdict verdict = wh_window_room(&windows, window, size);
        assert_int_equal(verdict, all_full    ? WH_WINDOW_ALL_FULL
                                  : peer_full ? WH_WINDOW_PEER_FULL
                                              : WH_WINDOW_ROOM);
        if (verdict != WH_WINDOW_ROOM)
            continue;
        wh_window_enter(&windows, window, size);
        held[n++] = (struct held){window, size, key};
        bytes += size;
        peer_n[key]++;
        peer_bytes[key] += size;
    }
    assert_int_equal(windows.n, n);
    assert_int_equal(windows.bytes, bytes);
    assert_true(windows.accounts <= WH_WINDOW_IDLE_MAX + 1);
    wh_windows_done(&windows);
}

// Whoever has nothing outstanding is let in, however many others take all they get; urgent ones
// also when their sender has filled its own window.
static void there_is_room_for_a_newcomer(void **state)
{
    (void)state;
    struct wh_windows windows = {.limits = {.peer_messages = 512,
                                            .peer_bytes = 2 << 20,
                                            .all_messages = 8192,
                                            .all_bytes = 32 << 20,
                                            .urgent = 64}};
    char text[WH_KEY_Z85];
    for (int greedy = 0; greedy < 500; greedy++) {
        key_text(greedy, text);
        struct wh_window *window = wh_window_of(&windows, text);
        assert_int_equal(wh_window_room(&windows, window, 1000), WH_WINDOW_ROOM);
        while (wh_window_room(&windows, window, 1000) == WH_WINDOW_ROOM)
            wh_window_enter(&windows, window, 1000);
        assert_true(window->n >= 1 && window->n <= 512);
        assert_true(greedy > 0 || window->n == 512);
    }
    key_text(0, text);
    struct wh_window *first = wh_window_of(&windows, text);
    assert_true(windows.n <= 8192 + 8 * 64);
    assert_int_equal(wh_window_room(&windows, first, 1000), WH_WINDOW_ALL_FULL);
    size_t urgent = 0;
    for (; wh_window_reserve(&windows, first, 1000); urgent++)
        wh_window_enter(&windows, first, 1000);
    assert_true(urgent > 0 && urgent <= 64);
    wh_windows_done(&windows);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(changes_act_within_seconds),
        TEST(a_broken_file_changes_nothing),
        TEST(a_new_key_works_at_once),
        TEST(times_count),
        TEST(no_file_at_the_start_is_an_error),
        cmocka_unit_test(windows_add_up),
        cmocka_unit_test(there_is_room_for_a_newcomer),
    };
    wh_log_init("test", WH_LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
