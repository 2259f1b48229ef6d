// SPDX-License-Identifier: Apache-2.0
// The public library against a service of this test: files found, commands answered, events
// followed after a cursor file across "kills", and what a callback may do.
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
#include "client/follow.h"
#include "client/frame.h"
#include "support/net.h"
#include "whistle/whistle.h"

struct test {
    struct net net;
    char key_file[128], doors_file[128], cursor_file[128];
    struct wh_socket *door, *feed;
    struct wh_arena arena;
    struct wh_session *session;
    struct wh_subscription *subscription;
    uint8_t last_id[16];
    unsigned commands, refuse;
    uint32_t what;
    bool dedup; // the command that comes is dedup's
    int64_t after, seen;
    bool followed;
    // what the program saw
    struct wh_reply reply;
    char ref[64], rule[64], title[64], command[160];
    bool replied;
    int64_t seqs[64];
    unsigned n;
    bool taken, troubled;
    int error;
    char task[72];
    int close_at;
};

// ---- the service's side -----------------------------------------------------------------------

static void send_frame(struct wh_socket *socket, const struct wh_peer *peer,
                       Whistle__V1__Frame *frame)
{
    static uint8_t bytes[1 << 16];

    assert_true(whistle__v1__frame__get_packed_size(frame) <= sizeof(bytes));
    wh_socket_send(socket, peer, bytes, whistle__v1__frame__pack(frame, bytes));
}

static void answer_command(struct test *t, const struct wh_packet *packet,
                           const Whistle__V1__Command *command)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Done done = WHISTLE__V1__DONE__INIT;
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    Whistle__V1__DispatchAnswer view = WHISTLE__V1__DISPATCH_ANSWER__INIT;
    Whistle__V1__Whistle whistle = WHISTLE__V1__WHISTLE__INIT;
    uint8_t body[256];

    answer.request_id = command->request_id;
    done.ref = "AL-20261123-0001";
    error.status = 409;
    error.rule = "state.conflict";
    if (t->refuse) {
        answer.error = &error;
    } else if (t->what == 40) {
        whistle.title = "煤气泄漏";
        view.what_case = WHISTLE__V1__DISPATCH_ANSWER__WHAT_WHISTLE;
        view.whistle = &whistle;
        answer.body.len = whistle__v1__dispatch_answer__pack(&view, body);
        answer.body.data = body;
    } else {
        answer.done = &done;
    }
    frame.what_case = WHISTLE__V1__FRAME__WHAT_ANSWER;
    frame.answer = &answer;
    send_frame(t->door, &packet->peer, &frame);
}

static const Whistle__V1__Frame *unpack(struct test *t, const struct wh_packet *packet)
{
    wh_arena_reset(&t->arena);
    return (const void *)wh_unpack(&whistle__v1__frame__descriptor, &t->arena, packet->data,
                                   packet->n, NULL);
}

// What dedup's door heard, in a line.
static void say_dedup(struct test *t, const Whistle__V1__DedupCommand *command)
{
    const Whistle__V1__PreviewMatch *preview = command->preview;

    if (t->what == WHISTLE__V1__DEDUP_COMMAND__WHAT_JOIN)
        snprintf(t->command, sizeof(t->command), "%s>%s %d %s", command->join->number,
                 command->join->into, command->join->how, command->join->reason);
    else if (t->what == WHISTLE__V1__DEDUP_COMMAND__WHAT_SPLIT)
        snprintf(t->command, sizeof(t->command), "%s %s", command->split->number,
                 command->split->reason);
    else if (t->what == WHISTLE__V1__DEDUP_COMMAND__WHAT_PREVIEW)
        snprintf(t->command, sizeof(t->command), "%s %s %s %.2f %d", preview->unit,
                 preview->category, preview->title, preview->place->lat, preview->limit);
    else
        snprintf(t->command, sizeof(t->command), "%s", command->matter->number);
}

static void on_door(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct test *t = arg;
    const Whistle__V1__Frame *frame = unpack(t, packet);
    const ProtobufCMessage *command;
    const ProtobufCMessageDescriptor *type = t->dedup ? &whistle__v1__dedup_command__descriptor
                                             : t->what == 1
                                                 ? &whistle__v1__intake_command__descriptor
                                                 : &whistle__v1__dispatch_command__descriptor;

    (void)socket;
    t->commands++;
    t->command[0] = '\0';
    memcpy(t->last_id, frame->command->request_id.data, 16);
    command = wh_unpack(type, &t->arena, frame->command->body.data, frame->command->body.len, NULL);
    assert_non_null(command);
    assert_int_equal(wh_oneof_get(command, NULL), t->what);
    if (t->dedup)
        say_dedup(t, (const Whistle__V1__DedupCommand *)command);
    answer_command(t, packet, frame->command);
}

// One event (after, seq] with a whistle for K0.
static void send_event(struct test *t, const struct wh_peer *peer, int64_t after, int64_t seq,
                       int64_t upto)
{
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Events events = WHISTLE__V1__EVENTS__INIT;
    Whistle__V1__EventRow row = WHISTLE__V1__EVENT_ROW__INIT, *rows[] = {&row};
    Whistle__V1__Event event = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__DispatchEvent payload = WHISTLE__V1__DISPATCH_EVENT__INIT;
    Whistle__V1__WhistleDispatched dispatched = WHISTLE__V1__WHISTLE_DISPATCHED__INIT;
    Whistle__V1__WhistleFacts facts = WHISTLE__V1__WHISTLE_FACTS__INIT;
    Whistle__V1__TaskAssigned assigned = WHISTLE__V1__TASK_ASSIGNED__INIT, *tasks[] = {&assigned};
    uint8_t inner[512], outer[1024];

    facts.number = "AL-20261123-0007";
    facts.title = "煤气味";
    assigned.department = "K0";
    assigned.due_sign = 1795395605000;
    dispatched.whistle = &facts;
    dispatched.tasks = tasks;
    dispatched.n_tasks = 1;
    payload.what_case = WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED;
    payload.dispatched = &dispatched;
    event.seq = seq;
    event.at = 1795395600000;
    event.payload.len = whistle__v1__dispatch_event__pack(&payload, inner);
    event.payload.data = inner;
    row.body.len = whistle__v1__event__pack(&event, outer);
    row.body.data = outer;
    events.feed = "dispatch";
    events.after = after;
    events.upto = upto;
    events.events = rows;
    events.n_events = seq ? 1 : 0;
    events.live = true;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_EVENTS;
    frame.events = &events;
    send_frame(t->feed, peer, &frame);
}

// The journal of this test: events 10, 20, 30, each in its batch, and an empty end up to 35.
static void on_feed(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct test *t = arg;
    const Whistle__V1__Frame *frame = unpack(t, packet);
    int64_t after;

    (void)socket;
    if (frame->what_case == WHISTLE__V1__FRAME__WHAT_CREDIT) {
        t->seen = frame->credit->seen;
        return;
    }
    after = t->after = frame->follow->after;
    t->followed = true;
    for (int64_t seq = 10; seq <= 30; seq += 10) {
        if (seq <= after)
            continue;
        send_event(t, &packet->peer, after, seq, seq + 2);
        after = seq + 2;
    }
    if (after < 35)
        send_event(t, &packet->peer, after, 0, 35);
}

// ---- the program's side -----------------------------------------------------------------------

static void on_reply(void *arg, const struct wh_reply *reply)
{
    struct test *t = arg;

    t->reply = *reply;
    t->replied = true;
    if (reply->done)
        snprintf(t->ref, sizeof(t->ref), "%s", reply->done->ref);
    if (reply->error)
        snprintf(t->rule, sizeof(t->rule), "%s", reply->error->rule);
    if (reply->dispatch && reply->dispatch->whistle)
        snprintf(t->title, sizeof(t->title), "%s", reply->dispatch->whistle->title);
}

static void on_event(void *arg, struct wh_subscription *subscription, const struct wh_event *event)
{
    struct test *t = arg;
    struct wh_new_task task;

    t->seqs[t->n++] = event->seq;
    t->taken = event->seq == 30 || event->seq == t->close_at;
    if (wh_event_new_task(event, "K0", &task)) {
        assert_string_equal(task.title, "煤气味");
        assert_int_equal(task.due_sign, 1795395605000);
        strcpy(t->task, task.id);
    }
    assert_false(wh_event_new_task(event, "K1", &task));
    if (event->seq == t->close_at)
        wh_subscription_close(subscription);
}

static void on_trouble(void *arg, struct wh_subscription *subscription, int error, const char *text)
{
    struct test *t = arg;

    (void)subscription;
    (void)text;
    t->troubled = true;
    t->error = error;
}

static void write_doors(struct test *t)
{
    struct wh_door door = net_door(&t->net, "door", 1), feed = net_door(&t->net, "feed", 1);
    FILE *file = fopen(t->doors_file, "w");

    fprintf(file, "door intake %s %s\n", door.endpoints[0], door.server_keys[0]);
    fprintf(file, "door dedup %s %s\n", door.endpoints[0], door.server_keys[0]);
    fprintf(file, "door dispatch %s %s\n", door.endpoints[0], door.server_keys[0]);
    fprintf(file, "feed dispatch %s %s\n", feed.endpoints[0], feed.server_keys[0]);
    fclose(file);
    t->door = net_router(&t->net, door.endpoints[0], on_door, t);
    t->feed = net_router(&t->net, feed.endpoints[0], on_feed, t);
}

static void open_session(struct test *t)
{
    struct wh_session_options options = {.loop = &t->net.loop, .key_file = t->key_file};
    char why[256] = "";

    if (wh_session_open(&options, &t->session, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

static void start(struct test *t)
{
    memset(t, 0, sizeof(*t));
    net_init(&t->net);
    snprintf(t->key_file, sizeof(t->key_file), "%s/key", t->net.dir);
    snprintf(t->doors_file, sizeof(t->doors_file), "%s/doors", t->net.dir);
    snprintf(t->cursor_file, sizeof(t->cursor_file), "%s/cursor", t->net.dir);
    assert_int_equal(wh_key_write(t->key_file, &t->net.keys[0]), 0);
    wh_arena_init(&t->arena, 1 << 20);
    unsetenv("WHISTLE_DOORS");
    write_doors(t);
    open_session(t);
}

static void stop(struct test *t)
{
    wh_session_close(t->session);
    wh_socket_close(t->door);
    wh_socket_close(t->feed);
    wh_arena_done(&t->arena);
    net_done(&t->net);
}

static void subscribe(struct test *t, bool manual)
{
    struct wh_subscribe options = {.cursor_file = t->cursor_file,
                                   .manual = manual,
                                   .on_event = on_event,
                                   .on_trouble = on_trouble,
                                   .arg = t};

    assert_int_equal(wh_subscribe(t->session, &options, &t->subscription), 0);
}

static int64_t cursor_of(const struct test *t)
{
    struct wh_cursor cursor = {.seq = -1};

    wh_cursor_read(t->cursor_file, &cursor);
    return cursor.seq;
}

// ---- tests ------------------------------------------------------------------------------------

static void commands_are_answered(void **state)
{
    struct test t;
    struct wh_whistle whistle = {.category = "gas", .title = "煤气味", .reporter_phone = "1"};
    struct wh_request request = {.on_reply = on_reply, .arg = &t};
    const char *tasks[] = {"AL-20261123-0001-K0"};
    uint8_t id[16];

    (void)state;
    start(&t);
    assert_string_equal(wh_session_identity(t.session), "K0");
    t.what = 1;
    assert_int_equal(wh_whistle_raise(t.session, &whistle, &request), 0);
    assert_true(net_until(&t.net, &t.replied, 3000));
    assert_int_equal(t.reply.kind, WH_REPLY_DONE);
    assert_string_equal(t.ref, "AL-20261123-0001");

    t.replied = false;
    wh_request_id_from(1795395600000, "sign/x", id);
    request.id = id;
    t.what = WHISTLE__V1__DISPATCH_COMMAND__WHAT_TASKS;
    assert_int_equal(wh_task_list(t.session, 10, &request), 0);
    assert_int_equal(wh_task_sign(t.session, tasks, 1, &request), WH_E_EXISTS);
    assert_true(net_until(&t.net, &t.replied, 3000));
    assert_memory_equal(id, t.last_id, 16);

    t.replied = false;
    t.what = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SHOW;
    request.id = NULL;
    assert_int_equal(wh_whistle_show(t.session, "AL-20261123-0001", &request), 0);
    assert_true(net_until(&t.net, &t.replied, 3000));
    assert_int_equal(t.reply.kind, WH_REPLY_ANSWER);
    assert_string_equal(t.title, "煤气泄漏");

    t.replied = false;
    t.refuse = 1;
    t.what = WHISTLE__V1__DISPATCH_COMMAND__WHAT_REFUSE;
    assert_int_equal(wh_task_refuse(t.session, tasks[0],
                                    WHISTLE__V1__REFUSE_REASON__REFUSE_REASON_WRONG_AREA, "第三条",
                                    "WATER", &request),
                     0);
    assert_true(net_until(&t.net, &t.replied, 3000));
    assert_int_equal(t.reply.kind, WH_REPLY_REFUSED);
    assert_string_equal(t.rule, "state.conflict");
    stop(&t);
}

static void ids_from_the_same_event_are_the_same(void **state)
{
    uint8_t one[16], other[16], third[16];

    (void)state;
    wh_request_id_from(1795395600000, "sign/a", one);
    wh_request_id_from(1795395600000, "sign/a", other);
    wh_request_id_from(1795395600000, "sign/b", third);
    assert_memory_equal(one, other, 16);
    assert_memory_not_equal(one, third, 16);
    assert_int_equal(one[6] >> 4, 7);
    wh_request_id(other);
    assert_memory_not_equal(one, other, 16);
}

static void follows_after_the_cursor_file(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    subscribe(&t, false);
    assert_true(net_until(&t.net, &t.taken, 3000));
    assert_int_equal(t.n, 3);
    assert_int_equal(t.after, 0);
    assert_string_equal(t.task, "AL-20261123-0007-K0");
    net_run(&t.net, 100);
    assert_int_equal(t.seen, 35);
    assert_true(cursor_of(&t) >= 32);
    assert_true(wh_subscription_caught_up(t.subscription));
    // again, after a restart: nothing comes twice
    wh_session_close(t.session);
    open_session(&t);
    t.n = 0;
    t.followed = false;
    subscribe(&t, false);
    assert_true(net_until(&t.net, &t.followed, 3000));
    assert_true(t.after >= 32);
    net_run(&t.net, 100);
    assert_int_equal(t.n, 0);
    stop(&t);
}

static void manual_moves_only_when_told(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    subscribe(&t, true);
    assert_true(net_until(&t.net, &t.taken, 3000));
    net_run(&t.net, 100);
    assert_int_equal(cursor_of(&t), -1);
    assert_int_equal(wh_subscription_done(t.subscription, 9), 0);
    assert_int_equal(cursor_of(&t), -1);
    assert_int_equal(wh_subscription_done(t.subscription, 10), 0);
    assert_int_equal(cursor_of(&t), 12);
    wh_session_close(t.session); // killed before the rest was done
    open_session(&t);
    t.n = 0;
    t.taken = false;
    subscribe(&t, true);
    assert_true(net_until(&t.net, &t.taken, 3000));
    assert_int_equal(t.n, 2);
    assert_int_equal(t.seqs[0], 20);
    net_run(&t.net, 100);
    assert_int_equal(wh_subscription_done(t.subscription, 30), 0);
    assert_int_equal(cursor_of(&t), 35); // with the empty end
    stop(&t);
}

static void may_be_closed_inside_its_callback(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    t.close_at = 20;
    subscribe(&t, false);
    assert_true(net_until(&t.net, &t.taken, 3000) || t.taken);
    net_run(&t.net, 200);
    assert_int_equal(t.n, 2);
    stop(&t);
}

static void a_cursor_that_cannot_be_written_is_told(void **state)
{
    struct test t;

    (void)state;
    start(&t);
    snprintf(t.cursor_file, sizeof(t.cursor_file), "%s/none/cursor", t.net.dir);
    subscribe(&t, false);
    assert_true(net_until(&t.net, &t.troubled, 3000));
    assert_int_equal(t.error, WH_E_IO);
    net_run(&t.net, 100);
    assert_int_equal(t.seen, 0); // the publisher is not told of what would be lost
    stop(&t);
}

static void wrong_files_are_told(void **state)
{
    struct test t;
    struct wh_session *session = NULL;
    struct wh_session_options options = {0};
    char why[256];

    (void)state;
    start(&t);
    unsetenv("WHISTLE_KEY");
    assert_int_equal(wh_session_open(&options, &session, why, sizeof(why)), WH_E_INVALID);
    assert_non_null(strstr(why, "WHISTLE_KEY"));
    options.key_file = "/no/such/key";
    assert_int_equal(wh_session_open(&options, &session, why, sizeof(why)), WH_E_IO);
    assert_null(session);
    options.key_file = t.key_file; // with a loop of its own
    assert_int_equal(wh_session_open(&options, &session, why, sizeof(why)), 0);
    wh_session_close(session);
    wh_session_close(NULL);
    stop(&t);
}

static void heard(struct test *t, uint32_t what, const char *command)
{
    t->what = what;
    t->replied = false;
    assert_true(net_until(&t->net, &t->replied, 3000));
    assert_int_equal(t->reply.kind, WH_REPLY_DONE);
    assert_string_equal(t->command, command);
}

// Every word reaches dedup's door as it was said.
static void matters_are_joined_and_separated(void **state)
{
    struct test t;
    struct wh_request request = {.on_reply = on_reply, .arg = &t};
    struct wh_whistle whistle = {
        .category = "gas", .title = "煤气味", .has_position = true, .lat = 39.1, .lon = 115.9};

    (void)state;
    start(&t);
    t.dedup = true;
    assert_int_equal(wh_whistle_join(t.session, "AL-2", "AL-1",
                                     WHISTLE__V1__JOIN_AS__JOIN_AS_REOPEN, "没好", &request),
                     0);
    heard(&t, WHISTLE__V1__DEDUP_COMMAND__WHAT_JOIN, "AL-2>AL-1 2 没好");
    assert_int_equal(wh_whistle_split(t.session, "AL-2", NULL, &request), 0);
    heard(&t, WHISTLE__V1__DEDUP_COMMAND__WHAT_SPLIT, "AL-2 ");
    assert_int_equal(wh_whistle_preview(t.session, &whistle, 3, &request), 0);
    heard(&t, WHISTLE__V1__DEDUP_COMMAND__WHAT_PREVIEW, "K0 gas 煤气味 39.10 3");
    assert_int_equal(wh_whistle_matter(t.session, "AL-1", &request), 0);
    heard(&t, WHISTLE__V1__DEDUP_COMMAND__WHAT_MATTER, "AL-1");
    stop(&t);
}

// A split that gives a cancelled task back calls its department again, and nobody else.
static void a_split_calls_again(void **state)
{
    Whistle__V1__DispatchEvent dispatch = WHISTLE__V1__DISPATCH_EVENT__INIT;
    Whistle__V1__WhistleParted parted = WHISTLE__V1__WHISTLE_PARTED__INIT;
    Whistle__V1__TaskClocks clocks = WHISTLE__V1__TASK_CLOCKS__INIT, *restored[] = {&clocks};
    struct wh_event event = {.dispatch = &dispatch};
    struct wh_new_task task = {.title = NULL};

    (void)state;
    clocks.task = "AL-20261123-0007-GASCO";
    clocks.due_resolve = 1795395605000;
    parted.number = "AL-20261123-0007";
    parted.restored = restored;
    parted.n_restored = 1;
    dispatch.what_case = WHISTLE__V1__DISPATCH_EVENT__WHAT_PARTED;
    dispatch.parted = &parted;
    assert_true(wh_event_new_task(&event, "GASCO", &task));
    assert_string_equal(task.id, "AL-20261123-0007-GASCO");
    assert_string_equal(task.number, "AL-20261123-0007");
    assert_int_equal(task.due_resolve, 1795395605000);
    assert_string_equal(task.title, "");
    assert_false(wh_event_new_task(&event, "GAS", &task));
    assert_false(wh_event_new_task(&event, "FIRE", &task));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(matters_are_joined_and_separated),
        cmocka_unit_test(a_split_calls_again),
        cmocka_unit_test(ids_from_the_same_event_are_the_same),
        cmocka_unit_test(follows_after_the_cursor_file),
        cmocka_unit_test(manual_moves_only_when_told),
        cmocka_unit_test(may_be_closed_inside_its_callback),
        cmocka_unit_test(a_cursor_that_cannot_be_written_is_told),
        cmocka_unit_test(wrong_files_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
