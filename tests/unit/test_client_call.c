// SPDX-License-Identifier: Apache-2.0
// Calling a door over real sockets: the answer that gets lost, the door that says BUSY, the
// endpoint that is silent, giving up, and how many commands a second one caller carries.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "client/call.h"
#include "support/net.h"

struct fake_door {
    struct wh_socket *socket;
    struct wh_arena arena;
    unsigned commands, busy, mute; // BUSY and silence for so many commands to come
    enum wh_rule rule;             // of BUSY
    int64_t retry_ms;
    uint8_t last_id[16], first_id[16];
    bool same_ids;
};

struct test {
    struct net net;
    struct fake_door doors[2];
    struct wh_caller *caller;
    unsigned answers, timeouts, busies, to_send;
    bool answered, all;
    unsigned want;
    char ref[16];
};

static void send_answer(struct fake_door *door, const struct wh_peer *peer,
                        Whistle__V1__Answer *answer)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    uint8_t bytes[512];

    frame.what_case = WHISTLE__V1__FRAME__WHAT_ANSWER;
    frame.answer = answer;
    assert_true(whistle__v1__frame__get_packed_size(&frame) <= sizeof(bytes));
    wh_socket_send(door->socket, peer, bytes, whistle__v1__frame__pack(&frame, bytes));
}

static void on_command(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct fake_door *door = arg;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Done done = WHISTLE__V1__DONE__INIT;
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    const Whistle__V1__Frame *frame;

    (void)socket;
    wh_arena_reset(&door->arena);
    frame = (void *)wh_unpack(&whistle__v1__frame__descriptor, &door->arena, packet->data,
                              packet->n, NULL);
    assert_non_null(frame);
    assert_int_equal(frame->what_case, WHISTLE__V1__FRAME__WHAT_COMMAND);
    assert_int_equal(frame->command->request_id.len, 16);
    if (!door->commands++)
        memcpy(door->first_id, frame->command->request_id.data, 16);
    memcpy(door->last_id, frame->command->request_id.data, 16);
    door->same_ids = memcmp(door->first_id, door->last_id, 16) == 0;
    answer.request_id = frame->command->request_id;
    if (door->mute) {
        door->mute--;
        return;
    }
    if (door->busy) {
        door->busy--;
        error.status = 503;
        error.retry_after_ms = door->retry_ms;
        error.rule = (char *)wh_rule_info(door->rule)->name;
        answer.error = &error;
    } else {
        done.ref = "AL-1";
        answer.done = &done;
    }
    send_answer(door, &packet->peer, &answer);
}

static void open_door(struct test *t, int i, const struct wh_door *door)
{
    wh_arena_init(&t->doors[i].arena, 1 << 20);
    t->doors[i].socket = net_router(&t->net, door->endpoints[i], on_command, &t->doors[i]);
}

static void start(struct test *t, size_t n_endpoints, struct wh_caller_options options)
{
    memset(t, 0, sizeof(*t));
    net_init(&t->net);
    options.door = net_door(&t->net, "door", n_endpoints);
    options.key = t->net.keys[0];
    open_door(t, (int)n_endpoints - 1, &options.door); // the last one; others are silent
    assert_int_equal(wh_caller_new(t->net.bus, &options, &t->caller), 0);
}

static void stop(struct test *t)
{
    wh_caller_free(t->caller);
    for (int i = 0; i < 2; i++) {
        wh_socket_close(t->doors[i].socket);
        wh_arena_done(&t->doors[i].arena);
    }
    net_done(&t->net);
}

static void call_one(struct test *t);

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct test *t = arg;

    if (status == WH_E_TIMEOUT) {
        t->timeouts++;
    } else if (answer->error) {
        t->busies++;
    } else {
        assert_int_equal(status, 0);
        t->answers++;
        snprintf(t->ref, sizeof(t->ref), "%s", answer->done->ref);
    }
    t->answered = true;
    t->all = t->answers == t->want;
    if (t->to_send) {
        t->to_send--;
        call_one(t);
    }
}

static void call_one(struct test *t)
{
    static const uint8_t body[600] = {1, 2, 3};
    struct wh_call call = {.officer = "",
                           .acting_for = "",
                           .body = body,
                           .body_n = sizeof(body),
                           .on_answer = on_answer,
                           .arg = t};

    assert_int_equal(wh_caller_call(t->caller, &call), 0);
}

static void is_answered(void **state)
{
    struct test t;

    (void)state;
    start(&t, 1, (struct wh_caller_options){0});
    call_one(&t);
    assert_int_equal(wh_caller_outstanding(t.caller), 1);
    assert_true(net_until(&t.net, &t.answered, 3000));
    assert_string_equal(t.ref, "AL-1");
    assert_int_equal(wh_caller_outstanding(t.caller), 0);
    stop(&t);
}

static void lost_answer_is_asked_again(void **state)
{
    struct test t;

    (void)state;
    start(&t, 1, (struct wh_caller_options){.resend_ms = 100});
    t.doors[0].mute = 3;
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 5000));
    assert_int_equal(t.answers, 1);
    assert_true(t.doors[0].commands >= 4);
    assert_true(t.doors[0].same_ids);
    stop(&t);
}

static void busy_comes_back(void **state)
{
    struct test t;
    uint64_t from = uv_hrtime();

    (void)state;
    start(&t, 1, (struct wh_caller_options){.resend_ms = 1000});
    t.doors[0].busy = 2;
    t.doors[0].retry_ms = 100;
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 5000));
    assert_int_equal(t.answers, 1);
    assert_int_equal(t.doors[0].commands, 3);
    assert_true(uv_hrtime() - from >= 200 * 1000000ULL);
    assert_true(uv_hrtime() - from < 900 * 1000000ULL);
    stop(&t);
}

// An instance that cannot serve says so, and goes on saying so while another one serves.
static void endpoint_without_database_is_left(void **state)
{
    static const struct {
        enum wh_rule rule;
        bool left;
    } cases[] = {{WH_RULE_BUSY_DATABASE, true}, {WH_RULE_BUSY_STOPPING, true},
                 {WH_RULE_BUSY_WINDOW, false},  {WH_RULE_BUSY_LAG, false},
                 {WH_RULE_BUSY_DISK, false},    {WH_RULE_BUSY_STARTING, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test t;
        struct wh_door door;
        start(&t, 2, (struct wh_caller_options){.resend_ms = 300});
        door = net_door(&t.net, "door", 2);
        open_door(&t, 0, &door);
        t.doors[0].busy = 1000000;
        t.doors[0].retry_ms = 50;
        t.doors[0].rule = cases[i].rule;
        call_one(&t);
        assert_int_equal(net_until(&t.net, &t.answered, cases[i].left ? 3000 : 700), cases[i].left);
        assert_true(t.doors[0].commands >= 1);
        assert_true(cases[i].left || t.doors[0].commands >= 5);
        stop(&t);
    }
}

static void silent_endpoint_is_left(void **state)
{
    struct test t;

    (void)state;
    start(&t, 2, (struct wh_caller_options){.resend_ms = 100});
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 3000));
    assert_int_equal(t.answers, 1);
    stop(&t);
}

// Its end is heard, not waited for: the other one has the command long before a resend is due.
static void dead_door_is_left_at_once(void **state)
{
    struct test t;
    struct wh_door door;

    (void)state;
    start(&t, 2, (struct wh_caller_options){.resend_ms = 5000});
    door = net_door(&t.net, "door", 2);
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 2000)); // the first one was never there
    wh_socket_close(t.doors[1].socket);
    t.doors[1].socket = NULL;
    open_door(&t, 0, &door);
    t.answered = false;
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 2000));
    assert_int_equal(t.answers, 2);
    stop(&t);
}

// A door that takes commands and never answers, beside one that does.
static void mute_endpoint_is_left(void **state)
{
    struct test t;
    struct wh_door door;

    (void)state;
    start(&t, 2, (struct wh_caller_options){.resend_ms = 100});
    door = net_door(&t.net, "door", 2);
    open_door(&t, 0, &door);
    t.doors[0].mute = 1000;
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 3000));
    assert_int_equal(t.answers, 1);
    assert_true(t.doors[0].commands >= 1);
    assert_memory_equal(t.doors[0].last_id, t.doors[1].last_id, 16);
    stop(&t);
}

static void restarted_door_is_found(void **state)
{
    struct test t;
    struct wh_door door;

    (void)state;
    start(&t, 1, (struct wh_caller_options){.resend_ms = 200});
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 3000));
    wh_socket_close(t.doors[0].socket);
    t.answered = false;
    call_one(&t);
    assert_false(net_until(&t.net, &t.answered, 500));
    door = net_door(&t.net, "door", 1);
    t.doors[0].socket = net_router(&t.net, door.endpoints[0], on_command, &t.doors[0]);
    assert_true(net_until(&t.net, &t.answered, 3000));
    stop(&t);
}

static void write_key(const struct test *t, char path[128], const struct wh_key *key)
{
    snprintf(path, 128, "%s/own.key", t->net.dir);
    assert_int_equal(wh_key_write(path, key), 0);
}

// Not silence: who is refused at every endpoint hears it; with a good key in the file it goes on.
static void a_refused_key_is_told_or_renewed(void **state)
{
    struct test t;
    struct wh_caller_options options = {.give_up_ms = -1};
    struct wh_key stranger;
    char path[128];

    (void)state;
    start(&t, 1, options);
    wh_caller_free(t.caller);
    wh_key_generate(t.net.keys[0].identity, WH_ROLE_STREET, &stranger);
    t.net.keys[0].roles = WH_ROLE_STREET;
    write_key(&t, path, &stranger);
    options.door = net_door(&t.net, "door", 1);
    options.key = stranger;
    options.key_file = path;
    assert_int_equal(wh_caller_new(t.net.bus, &options, &t.caller), 0);
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 5000));
    assert_int_equal(t.busies, 1); // an error: auth.unknown
    t.answered = false;
    call_one(&t);
    net_run(&t.net, 300);
    write_key(&t, path, &t.net.keys[0]);
    assert_true(net_until(&t.net, &t.answered, 5000));
    assert_int_equal(t.answers, 1);
    stop(&t);
}

// The first line of the doors has a key that the service does not have any more.
static void the_services_other_key_is_tried(void **state)
{
    struct test t;
    struct wh_caller_options options = {0};
    struct wh_key old;

    (void)state;
    start(&t, 1, options);
    wh_caller_free(t.caller);
    wh_key_generate("S", WH_ROLE_SERVICE, &old);
    options.door = net_door(&t.net, "door", 1);
    options.key = t.net.keys[0];
    memcpy(options.door.endpoints[1], options.door.endpoints[0], sizeof(options.door.endpoints[0]));
    memcpy(options.door.server_keys[1], options.door.server_keys[0], WH_KEY_Z85);
    memcpy(options.door.server_keys[0], old.public_key, WH_KEY_Z85);
    options.door.n_endpoints = 2;
    assert_int_equal(wh_caller_new(t.net.bus, &options, &t.caller), 0);
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 900)); // not after a silence
    assert_int_equal(t.answers, 1);
    stop(&t);
}

// The window is full of what was told to come back much later.
static void an_urgent_one_waits_for_no_window(void **state)
{
    static const uint8_t body[] = {7};
    struct test t;

    (void)state;
    start(&t, 1, (struct wh_caller_options){.window = 2});
    t.doors[0].busy = 2;
    t.doors[0].retry_ms = 20000;
    for (int i = 0; i < 4; i++)
        call_one(&t);
    net_run(&t.net, 300);
    assert_int_equal(t.doors[0].commands, 2);
    assert_int_equal(wh_caller_call(t.caller, &(struct wh_call){.officer = "",
                                                                .acting_for = "",
                                                                .body = body,
                                                                .body_n = sizeof(body),
                                                                .urgent = true,
                                                                .on_answer = on_answer,
                                                                .arg = &t}),
                     0);
    assert_true(net_until(&t.net, &t.answered, 3000));
    assert_int_equal(t.answers, 1);
    assert_int_equal(t.doors[0].commands, 3);
    stop(&t);
}

static void gives_up(void **state)
{
    struct test t;

    (void)state;
    start(&t, 1, (struct wh_caller_options){.resend_ms = 100, .give_up_ms = 500, .window = 2});
    t.doors[0].mute = 1000;
    for (int i = 0; i < 5; i++) // some fly, some wait
        call_one(&t);
    net_run(&t.net, 900);
    assert_int_equal(t.timeouts, 5);
    assert_int_equal(wh_caller_outstanding(t.caller), 0);
    t.doors[0].mute = 0;
    t.doors[0].busy = 1;
    t.doors[0].retry_ms = 5000;
    t.answered = false;
    call_one(&t);
    assert_true(net_until(&t.net, &t.answered, 1000));
    assert_int_equal(t.busies, 1); // told, for waiting would be too long
    stop(&t);
}

static void same_id_twice_is_refused(void **state)
{
    struct test t;
    struct wh_call call = {.request_id = {{1}}, .on_answer = on_answer, .arg = &t};

    (void)state;
    start(&t, 1, (struct wh_caller_options){0});
    assert_int_equal(wh_caller_call(t.caller, &call), 0);
    assert_int_equal(wh_caller_call(t.caller, &call), WH_E_EXISTS);
    assert_true(net_until(&t.net, &t.answered, 3000));
    assert_int_equal(t.doors[0].last_id[0], 1);
    stop(&t);
}

static double cpu_s(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void many_commands(void **state)
{
    struct test t;
    double from, cpu;

    (void)state;
    start(&t, 1, (struct wh_caller_options){.window = 256});
    t.want = 100000;
    t.to_send = t.want - 300;
    from = (double)uv_hrtime();
    cpu = cpu_s();
    for (int i = 0; i < 300; i++) // more than the window
        call_one(&t);
    assert_true(net_until(&t.net, &t.all, 60000));
    from = ((double)uv_hrtime() - from) / 1e9;
    cpu = cpu_s() - cpu;
    print_message("calls: %u commands of 600 bytes answered in %.2f s: %.0f/s; "
                  "%.1f us CPU each for both ends and ZeroMQ's thread\n",
                  t.want, from, t.want / from, cpu * 1e6 / t.want);
    assert_int_equal(t.doors[0].commands, t.want);
    stop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_answered),
        cmocka_unit_test(lost_answer_is_asked_again),
        cmocka_unit_test(busy_comes_back),
        cmocka_unit_test(endpoint_without_database_is_left),
        cmocka_unit_test(silent_endpoint_is_left),
        cmocka_unit_test(dead_door_is_left_at_once),
        cmocka_unit_test(mute_endpoint_is_left),
        cmocka_unit_test(restarted_door_is_found),
        cmocka_unit_test(a_refused_key_is_told_or_renewed),
        cmocka_unit_test(the_services_other_key_is_tried),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(an_urgent_one_waits_for_no_window),
        cmocka_unit_test(same_id_twice_is_refused),
        cmocka_unit_test(many_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
