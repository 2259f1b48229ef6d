// SPDX-License-Identifier: Apache-2.0
// Following a feed over real sockets, against a publisher of this test: batches in order, credit,
// gaps, silence, a publisher that restarts, Rewound, refusals, and the cursor's file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "client/follow.h"
#include "support/net.h"

struct publisher {
    struct wh_socket *socket;
    struct wh_arena arena;
    struct wh_peer peer;
    unsigned follows;
    int64_t after; // of the last Follow
    bool stored, had_hash;
    int32_t credit_events, last_credit;
    int64_t credit_bytes, seen;
    char name[32];
    char subject[32];
    bool followed, told;
};

struct test {
    struct net net;
    struct wh_door door;
    struct publisher pubs[2];
    struct wh_follower *follower;
    int64_t upto;
    unsigned batches, events, refused, rewound;
    bool taken, hold, said_no, went_back;
    bool done;
};

static void on_frame(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct publisher *pub = arg;
    const Whistle__V1__Frame *frame;

    (void)socket;
    wh_arena_reset(&pub->arena);
    frame = (void *)wh_unpack(&whistle__v1__frame__descriptor, &pub->arena, packet->data, packet->n,
                              NULL);
    assert_non_null(frame);
    if (frame->what_case == WHISTLE__V1__FRAME__WHAT_FOLLOW) {
        pub->peer = packet->peer;
        pub->follows++;
        pub->after = frame->follow->after;
        pub->stored = frame->follow->stored;
        pub->had_hash = frame->follow->hash.len == WH_HASH_SIZE;
        pub->credit_events = frame->follow->credit_events;
        pub->credit_bytes = frame->follow->credit_bytes;
        snprintf(pub->name, sizeof(pub->name), "%s", frame->follow->name);
        if (frame->follow->n_subjects)
            snprintf(pub->subject, sizeof(pub->subject), "%s", frame->follow->subjects[0]);
        pub->followed = true;
    } else {
        assert_int_equal(frame->what_case, WHISTLE__V1__FRAME__WHAT_CREDIT);
        pub->seen = frame->credit->seen;
        pub->last_credit = frame->credit->credit_events;
        pub->credit_events += frame->credit->credit_events;
        pub->credit_bytes += frame->credit->credit_bytes;
        pub->told = true;
    }
}

static void send_frame(struct publisher *pub, Whistle__V1__Frame *frame)
{
    static uint8_t bytes[1 << 20];

    assert_true(whistle__v1__frame__get_packed_size(frame) <= sizeof(bytes));
    assert_int_equal(
        wh_socket_send(pub->socket, &pub->peer, bytes, whistle__v1__frame__pack(frame, bytes)), 0);
}

static void send_batch(struct publisher *pub, int64_t after, int64_t upto, size_t n)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Events events = WHISTLE__V1__EVENTS__INIT;
    Whistle__V1__EventRow row = WHISTLE__V1__EVENT_ROW__INIT, *rows[64];
    uint8_t body[100] = {0}, hash[WH_HASH_SIZE];

    memset(hash, (int)upto, sizeof(hash));
    row.body = (ProtobufCBinaryData){sizeof(body), body};
    for (size_t i = 0; i < n; i++)
        rows[i] = &row;
    events.feed = "dispatch";
    events.after = after;
    events.upto = upto;
    events.events = rows;
    events.n_events = n;
    events.live = true;
    events.hash = (ProtobufCBinaryData){sizeof(hash), hash};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_EVENTS;
    frame.events = &events;
    send_frame(pub, &frame);
    pub->credit_events -= (int32_t)n;
    pub->credit_bytes -= (int64_t)(n * sizeof(body));
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct test *t = arg;

    assert_true(t->upto < 0 || events->after == t->upto);
    t->upto = events->upto;
    t->batches++;
    t->events += (unsigned)events->n_events;
    t->taken = true;
    if (!t->hold)
        wh_follower_done(follower, events->upto);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct test *t = arg;

    (void)follower;
    assert_int_equal(rewound->head, 5);
    t->rewound++;
    t->went_back = true;
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    struct test *t = arg;

    (void)follower;
    assert_int_equal(error->status, 403);
    t->refused++;
    t->said_no = true;
}

static void open_publisher(struct test *t, int i)
{
    wh_arena_init(&t->pubs[i].arena, 1 << 20);
    t->pubs[i].socket = net_router(&t->net, t->door.endpoints[i], on_frame, &t->pubs[i]);
}

static struct wh_follow_options prepare(struct test *t, size_t n_endpoints)
{
    static const char *const subjects[] = {"GASCO"};

    memset(t, 0, sizeof(*t));
    net_init(&t->net);
    t->door = net_door(&t->net, "feed", n_endpoints);
    return (struct wh_follow_options){.door = t->door,
                                      .key = t->net.keys[0],
                                      .feed = "dispatch",
                                      .name = "gasco-desk",
                                      .subjects = subjects,
                                      .n_subjects = 1,
                                      .on_events = on_events,
                                      .on_rewound = on_rewound,
                                      .on_refused = on_refused,
                                      .arg = t};
}

static void follow(struct test *t, const struct wh_follow_options *options)
{
    assert_int_equal(wh_follower_new(t->net.bus, options, &t->follower), 0);
    assert_true(net_until(&t->net, &t->pubs[t->door.n_endpoints - 1].followed, 6000));
}

static void start(struct test *t)
{
    struct wh_follow_options options = prepare(t, 1);

    open_publisher(t, 0);
    follow(t, &options);
}

static void stop(struct test *t)
{
    wh_follower_free(t->follower);
    for (int i = 0; i < 2; i++) {
        wh_socket_close(t->pubs[i].socket);
        wh_arena_done(&t->pubs[i].arena);
    }
    net_done(&t->net);
}

static bool batch(struct test *t, int64_t after, int64_t upto, size_t n)
{
    t->taken = false;
    send_batch(&t->pubs[0], after, upto, n);
    return net_until(&t->net, &t->taken, 1000);
}

static void takes_batches_in_order(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    assert_string_equal(t.pubs[0].name, "gasco-desk");
    assert_string_equal(t.pubs[0].subject, "GASCO");
    assert_int_equal(t.pubs[0].after, 0);
    assert_int_equal(t.pubs[0].credit_events, 1024);
    assert_false(wh_follower_connected(t.follower));
    assert_true(batch(&t, 0, 10, 3));
    assert_true(batch(&t, 10, 20, 0));
    assert_true(batch(&t, 20, 30, 2));
    assert_true(wh_follower_connected(t.follower));
    assert_true(wh_follower_caught_up(t.follower));
    assert_int_equal(t.events, 5);
    net_run(&t.net, 100);
    assert_int_equal(t.pubs[0].seen, 30);
    assert_int_equal(t.pubs[0].credit_events, 1024);
    assert_int_equal(t.pubs[0].credit_bytes, 4 << 20);
    assert_int_equal(t.pubs[0].follows, 1);
    stop(&t);
}

static void follows_again_after_a_gap(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    assert_true(batch(&t, 0, 10, 3));
    t.pubs[0].followed = false;
    t.taken = false;
    send_batch(&t.pubs[0], 20, 30, 1); // (10, 20] is missing
    send_batch(&t.pubs[0], 30, 40, 1); // and more of the same stream
    assert_true(net_until(&t.net, &t.pubs[0].followed, 1000));
    net_run(&t.net, 200);
    assert_false(t.taken);
    assert_int_equal(t.pubs[0].follows, 2); // once, not once a batch
    assert_int_equal(t.pubs[0].after, 10);
    assert_true(t.pubs[0].had_hash);
    assert_true(batch(&t, 10, 20, 1));
    stop(&t);
}

static void silence_changes_the_connection(void **state)
{
    struct test t;
    struct wh_follow_options options = prepare(&t, 2);

    (void)state;
    open_publisher(&t, 1); // the first endpoint is dead
    follow(&t, &options);
    assert_int_equal(t.pubs[1].follows, 1);
    stop(&t);
}

// Its end is heard: the other one is asked long before three seconds of silence.
static void dead_publisher_is_left_at_once(void **state)
{
    struct test t;
    struct wh_follow_options options = prepare(&t, 2);

    (void)state;
    open_publisher(&t, 0);
    assert_int_equal(wh_follower_new(t.net.bus, &options, &t.follower), 0);
    assert_true(net_until(&t.net, &t.pubs[0].followed, 2000));
    assert_true(batch(&t, 0, 10, 3));
    wh_socket_close(t.pubs[0].socket);
    t.pubs[0].socket = NULL;
    open_publisher(&t, 1);
    assert_true(net_until(&t.net, &t.pubs[1].followed, 1500));
    assert_int_equal(t.pubs[1].after, 10);
    stop(&t);
}

static void finds_a_publisher_that_restarts(void **state)
{
    struct test t;
    uint64_t from;

    (void)state;
    start(&t);
    assert_true(batch(&t, 0, 10, 3));
    wh_socket_close(t.pubs[0].socket);
    net_run(&t.net, 300);
    t.pubs[0].socket = net_router(&t.net, t.door.endpoints[0], on_frame, &t.pubs[0]);
    t.pubs[0].followed = false;
    from = uv_hrtime();
    assert_true(net_until(&t.net, &t.pubs[0].followed, 4000));
    print_message("follow: a restarted publisher is followed again after %.1f s\n",
                  (double)(uv_hrtime() - from) / 1e9);
    assert_int_equal(t.pubs[0].after, 10);
    assert_true(batch(&t, 10, 12, 1));
    stop(&t);
}

static void credit_is_exact_while_batches_are_held(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    t.hold = true;
    assert_true(batch(&t, 0, 10, 10));
    assert_true(batch(&t, 10, 20, 20));
    net_run(&t.net, 50);
    assert_int_equal(t.pubs[0].credit_events, 1024 - 30);
    t.pubs[0].followed = false;
    send_batch(&t.pubs[0], 50, 60, 0); // a gap: what is held must not be lent twice
    assert_true(net_until(&t.net, &t.pubs[0].followed, 1000));
    assert_int_equal(t.pubs[0].after, 20);
    assert_int_equal(t.pubs[0].credit_events, 1024 - 30);
    wh_follower_pause(t.follower, true);
    t.pubs[0].told = false;
    wh_follower_done(t.follower, 10);
    assert_true(net_until(&t.net, &t.pubs[0].told, 1000));
    assert_int_equal(t.pubs[0].seen, 10);
    assert_int_equal(t.pubs[0].credit_events, 1024 - 30); // paused: nothing back
    t.pubs[0].told = false;
    wh_follower_pause(t.follower, false);
    assert_true(net_until(&t.net, &t.pubs[0].told, 1000));
    assert_int_equal(t.pubs[0].credit_events, 1024 - 20);
    wh_follower_done(t.follower, 20);
    net_run(&t.net, 50);
    assert_int_equal(t.pubs[0].credit_events, 1024);
    assert_int_equal(t.pubs[0].credit_bytes, 4 << 20);
    stop(&t);
}

static void rewound_stops_until_restarted(void **state)
{
    struct test t;
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Rewound rewound = WHISTLE__V1__REWOUND__INIT;
    struct wh_cursor cursor = {.seq = 5};

    (void)state;
    start(&t);
    assert_true(batch(&t, 0, 10, 3));
    rewound.feed = "dispatch";
    rewound.head = 5;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_REWOUND;
    frame.rewound = &rewound;
    send_frame(&t.pubs[0], &frame);
    assert_true(net_until(&t.net, &t.went_back, 1000));
    assert_false(batch(&t, 10, 20, 1));
    assert_false(wh_follower_connected(t.follower));
    t.pubs[0].followed = false;
    t.upto = 5;
    wh_follower_restart(t.follower, &cursor);
    assert_true(net_until(&t.net, &t.pubs[0].followed, 1000));
    assert_int_equal(t.pubs[0].after, 5);
    assert_false(t.pubs[0].had_hash);
    assert_true(batch(&t, 5, 6, 1));
    stop(&t);
}

static void send_refusal(struct publisher *pub, int status, int64_t retry_ms)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;

    error.status = status;
    error.retry_after_ms = retry_ms;
    answer.error = &error;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_ANSWER;
    frame.answer = &answer;
    send_frame(pub, &frame);
}

static void refusal_is_told_and_busy_is_not(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    t.pubs[0].followed = false;
    send_refusal(&t.pubs[0], 503, 100);
    assert_true(net_until(&t.net, &t.pubs[0].followed, 2000)); // asked again by itself
    assert_int_equal(t.refused, 0);
    send_refusal(&t.pubs[0], 403, 0);
    assert_true(net_until(&t.net, &t.said_no, 1000));
    t.pubs[0].followed = false;
    assert_false(net_until(&t.net, &t.pubs[0].followed, 1000));
    assert_true(net_until(&t.net, &t.pubs[0].followed, 6000)); // a key ring may have changed
    assert_true(batch(&t, 0, 1, 1));
    stop(&t);
}

static void begins_where_the_publisher_remembers(void **state)
{
    struct test t;
    struct wh_follow_options options = prepare(&t, 1);

    (void)state;
    options.stored = true;
    open_publisher(&t, 0);
    follow(&t, &options);
    assert_true(t.pubs[0].stored);
    t.upto = -1;
    assert_true(batch(&t, 77, 80, 1));
    t.pubs[0].followed = false;
    send_batch(&t.pubs[0], 90, 91, 1);
    assert_true(net_until(&t.net, &t.pubs[0].followed, 1000));
    assert_false(t.pubs[0].stored);
    assert_int_equal(t.pubs[0].after, 80);
    stop(&t);
}

static void many_batches(void **state)
{
    struct test t;
    uint64_t from;
    double s;
    int64_t seq = 0;

    (void)state;
    start(&t);
    from = uv_hrtime();
    for (int i = 0; i < 500; i++) {
        for (int k = 0; k < 16; k++, seq += 16)
            send_batch(&t.pubs[0], seq, seq + 16, 16);
        while (t.upto < seq)
            uv_run(&t.net.loop, UV_RUN_ONCE);
    }
    s = (double)(uv_hrtime() - from) / 1e9;
    print_message("follow: %u events in %u batches in %.2f s: %.0f events/s\n", t.events, t.batches,
                  s, t.events / s);
    assert_int_equal(t.pubs[0].follows, 1);
    stop(&t);
}

static void cursor_file(void **state)
{
    char path[] = "/tmp/wh-cursor-XXXXXX", file[64];
    struct wh_cursor in = {.seq = 1234567890123, .has_hash = true}, out = {0};
    FILE *bad;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof(file), "%s/cursor", path);
    assert_int_equal(wh_cursor_read(file, &out), WH_E_NOTFOUND);
    memset(in.hash, 0xa5, sizeof(in.hash));
    assert_int_equal(wh_cursor_write(file, &in), 0);
    assert_int_equal(wh_cursor_read(file, &out), 0);
    assert_memory_equal(in.hash, out.hash, WH_HASH_SIZE);
    assert_int_equal(out.seq, in.seq);
    in.has_hash = false;
    assert_int_equal(wh_cursor_write(file, &in), 0);
    assert_int_equal(wh_cursor_read(file, &out), 0);
    assert_false(out.has_hash);
    bad = fopen(file, "w");
    fputs("12 abc\n", bad);
    fclose(bad);
    assert_int_equal(wh_cursor_read(file, &out), WH_E_INVALID);
    remove(file);
    assert_int_equal(wh_cursor_write("/no/such/folder/cursor", &in), WH_E_IO);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_batches_in_order),
        cmocka_unit_test(follows_again_after_a_gap),
        cmocka_unit_test(silence_changes_the_connection),
        cmocka_unit_test(dead_publisher_is_left_at_once),
        cmocka_unit_test(finds_a_publisher_that_restarts),
        cmocka_unit_test(credit_is_exact_while_batches_are_held),
        cmocka_unit_test(rewound_stops_until_restarted),
        cmocka_unit_test(refusal_is_told_and_busy_is_not),
        cmocka_unit_test(begins_where_the_publisher_remembers),
        cmocka_unit_test(many_batches),
        cmocka_unit_test(cursor_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
