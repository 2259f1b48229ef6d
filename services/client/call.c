// SPDX-License-Identifier: Apache-2.0
// Commands on their way to a door. A call waits in the queue, then flies (at most `window` at once)
// until its answer comes. One timer a caller looks at all flying calls every 20 ms: who was silent
// too long is sent again under the same id, who was told BUSY is sent when the time has come, and
// when the whole connection is silent, or its door says that it cannot serve now, the next endpoint
// is tried. The caller's clock only counts time in which the loop could have heard something, so a
// program that was busy itself does not resend.
#include "client/call.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "client/call_pending.h"
#include "client/link.h"

#define TICK_MS 20
#define QUEUE_MAX 100000
#define BUSY_DEFAULT_MS 200
#define ANSWER_MAX ((size_t)32 << 20)

struct wh_caller {
    struct wh_caller_options options; // door and key are the link's
    struct wh_link link;
    bool blocked;   // the last send found no room or no connection
    bool connected; // something was sent over this connection
    bool closing;
    int64_t clock;         // ms in which we listened
    int64_t ticked_at;     // of uv_hrtime, ms
    int64_t waiting_since; // by the clock: silence began; 0: nothing is waited for
    unsigned strikes;      // connections in a row that stayed silent
    int64_t elsewhere_at;  // by the clock: this door cannot serve, try the next one then; 0: it can
    size_t n_sent;
    struct call_list queue, flying;
    uv_timer_t timer;
    struct wh_arena arena;
    struct call_table table;
};

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

// ---- sending --------------------------------------------------------------------------------

static void mark_sent(struct wh_caller *caller, struct call_pending *call, bool sent)
{
    caller->n_sent += (size_t)sent;
    caller->n_sent -= (size_t)call->sent;
    call->sent = sent;
}

static bool send_one(struct wh_caller *caller, struct call_pending *call)
{
    unsigned patience = call->sends < 3 ? call->sends : 3;

    if (!caller->waiting_since)
        caller->waiting_since = caller->clock;
    if (wh_socket_send(caller->link.socket, NULL, call->frame, call->n) < 0) {
        caller->blocked = true;
        return false;
    }
    caller->connected = true;
    mark_sent(caller, call, true);
    call->flown = true;
    call->sends++;
    call->act_at = caller->clock + ((int64_t)caller->options.resend_ms << patience);
    return true;
}

static void pump(struct wh_caller *caller)
{
    while (!caller->blocked && caller->queue.n &&
           caller->flying.n < (size_t)caller->options.window) {
        struct call_pending *call = caller->queue.head;

        call_list_remove(&caller->queue, call);
        call_list_add(&caller->flying, call);
        send_one(caller, call);
    }
}

// Sends what is due among the flying: never sent here, told to come back, or silent too long.
static void send_due(struct wh_caller *caller)
{
    for (struct call_pending *call = caller->flying.head; call && !caller->blocked;
         call = call->next) {
        if (call->act_at <= caller->clock)
            send_one(caller, call);
    }
    pump(caller);
}

// ---- answers --------------------------------------------------------------------------------

static void forget(struct wh_caller *caller, struct call_pending *call, struct call_list *list)
{
    mark_sent(caller, call, false);
    call_list_remove(list, call);
    call_table_remove(&caller->table, call);
    if (!caller->queue.n && !caller->flying.n)
        uv_timer_stop(&caller->timer);
}

static int64_t busy_delay(const Whistle__V1__Error *error)
{
    int64_t wait = error->retry_after_ms;

    if (wait <= 0)
        wait = BUSY_DEFAULT_MS;
    if (wait > 60000)
        wait = 60000;
    return wait + randombytes_uniform((uint32_t)(wait / 2 + 1));
}

static bool is_busy(const Whistle__V1__Error *error)
{
    return error && (error->status == 429 || error->status == 503);
}

static bool is_denial(const Whistle__V1__Error *error)
{
    return error && error->status == 401;
}

// This instance has no database or ends: another one may serve. (A full window, a full disk or a
// follower that lags would be the same there; who is starting will serve soon.)
static bool is_elsewhere(const struct wh_caller *caller, const Whistle__V1__Error *error)
{
    return caller->link.options.door.n_endpoints > 1 && error->rule &&
           (strcmp(error->rule, wh_rule_info(WH_RULE_BUSY_DATABASE)->name) == 0 ||
            strcmp(error->rule, wh_rule_info(WH_RULE_BUSY_STOPPING)->name) == 0);
}

// True where the answer was BUSY and there is time to come back.
static bool put_off(struct wh_caller *caller, struct call_pending *call,
                    const Whistle__V1__Error *error)
{
    int64_t delay;

    if (!is_busy(error))
        return false;
    delay = busy_delay(error);
    if (caller->options.give_up_ms >= 0 &&
        now_ms() + delay >= call->called_at + caller->options.give_up_ms)
        return false;
    mark_sent(caller, call, false);
    call->sends = 0;
    call->act_at = caller->clock + delay;
    if (!caller->elsewhere_at && is_elsewhere(caller, error))
        caller->elsewhere_at = call->act_at;
    return true;
}

static void heard(struct wh_caller *caller)
{
    wh_link_heard(&caller->link);
    caller->strikes = 0;
    caller->waiting_since = caller->n_sent ? caller->clock : 0;
}

// Everything that flies goes again over the next connection. False: no room for one now.
static bool reconnect(struct wh_caller *caller)
{
    if (wh_link_next(&caller->link) < 0)
        return false;
    caller->blocked = caller->connected = false;
    caller->elsewhere_at = 0;
    caller->waiting_since = caller->clock;
    for (struct call_pending *call = caller->flying.head; call; call = call->next) {
        if (call->sent) // what was told BUSY keeps its time
            call->act_at = caller->clock;
        mark_sent(caller, call, false);
    }
    return true;
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct wh_caller *caller = arg;
    const Whistle__V1__Frame *frame;
    const Whistle__V1__Answer *answer;
    struct call_pending *call;

    (void)socket;
    wh_arena_reset(&caller->arena);
    frame = (const Whistle__V1__Frame *)wh_unpack(&whistle__v1__frame__descriptor, &caller->arena,
                                                  packet->data, packet->n, NULL);
    if (!frame || frame->what_case != WHISTLE__V1__FRAME__WHAT_ANSWER)
        return;
    answer = frame->answer;
    if (answer->request_id.len != 16)
        return;
    call = call_table_find(&caller->table, answer->request_id.data);
    // A repeat of what was answered, or of BUSY. (A repeat may have been told BUSY while the first
    // one was still being worked on: its answer counts.)
    if (!call || !call->flown || (!call->sends && is_busy(answer->error))) {
        heard(caller);
        return;
    }
    if (is_denial(answer->error) && wh_link_renew(&caller->link)) {
        reconnect(caller); // the key was rotated meanwhile: the same again with the new one
        return;
    }
    if (!put_off(caller, call, answer->error)) {
        forget(caller, call, &caller->flying);
        call->on_answer(call->arg, 0, answer);
        free(call);
    }
    if (caller->closing)
        return;
    heard(caller);
    pump(caller);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct wh_caller *caller = arg;

    (void)socket;
    caller->blocked = false;
    send_due(caller);
}

// ---- connections and time ---------------------------------------------------------------------

static bool is_silent(const struct wh_caller *caller)
{
    unsigned rounds = caller->strikes / (unsigned)caller->link.options.door.n_endpoints;
    int64_t patience = (int64_t)caller->options.resend_ms << (rounds < 2 ? rounds : 2);

    if (!caller->waiting_since)
        return false;
    if (caller->connected)
        patience *= 2; // time for one resend over the same connection
    return caller->clock - caller->waiting_since >= patience;
}

// Those called before `limit`.
static void move_expired(struct wh_caller *caller, struct call_list *from,
                         struct call_list *expired, int64_t limit)
{
    struct call_pending *next;

    for (struct call_pending *call = from->head; call; call = next) {
        next = call->next;
        if (call->called_at > limit && from == &caller->queue)
            break; // the queue is in order of calling
        if (call->called_at > limit)
            continue;
        forget(caller, call, from);
        call_list_add(expired, call);
    }
}

static void tell_all(struct wh_caller *caller, struct call_list *list, int status,
                     const Whistle__V1__Answer *answer)
{
    while (list->head) {
        struct call_pending *call = list->head;

        call_list_remove(list, call);
        if (!caller->closing)
            call->on_answer(call->arg, status, answer);
        free(call);
    }
}

static void give_up(struct wh_caller *caller)
{
    struct call_list expired = {0};

    if (caller->options.give_up_ms < 0)
        return;
    move_expired(caller, &caller->flying, &expired, now_ms() - caller->options.give_up_ms);
    move_expired(caller, &caller->queue, &expired, now_ms() - caller->options.give_up_ms);
    tell_all(caller, &expired, WH_E_TIMEOUT, NULL);
}

// No endpoint takes our key: every call is answered as the door itself would.
static void deny(struct wh_caller *caller)
{
    struct call_list denied = {0};
    Whistle__V1__Error error = WHISTLE__V1__ERROR__INIT;
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;

    wh_link_denial(&error);
    answer.error = &error;
    move_expired(caller, &caller->flying, &denied, INT64_MAX);
    move_expired(caller, &caller->queue, &denied, INT64_MAX);
    tell_all(caller, &denied, 0, &answer);
}

static void on_tick(uv_timer_t *timer)
{
    struct wh_caller *caller = timer->data;
    int64_t now = now_ms(), passed = now - caller->ticked_at;

    caller->ticked_at = now;
    caller->clock += passed < 2 * TICK_MS ? passed : 2 * TICK_MS;
    give_up(caller);
    if (caller->closing)
        return;
    if (!caller->n_sent && !caller->blocked)
        caller->waiting_since = 0;
    if (wh_link_denied(&caller->link)) {
        deny(caller);
        return;
    }
    bool elsewhere = caller->elsewhere_at && caller->clock >= caller->elsewhere_at;
    if (wh_link_unwell(&caller->link) || elsewhere)
        reconnect(caller);
    else if (is_silent(caller) && reconnect(caller))
        caller->strikes++;
    send_due(caller);
}

// ---- public -----------------------------------------------------------------------------------

int wh_caller_new(struct wh_bus *bus, const struct wh_caller_options *options,
                  struct wh_caller **ret_caller)
{
    struct wh_caller *caller = calloc(1, sizeof(*caller));
    int rc;

    if (!caller)
        return WH_E_NOMEM;
    caller->options = *options;
    caller->options.resend_ms = options->resend_ms > 0 ? options->resend_ms : 1000;
    caller->options.give_up_ms = options->give_up_ms ? options->give_up_ms : 30000;
    caller->options.window = options->window > 0 ? options->window : 256;
    caller->clock = 1;
    sodium_memzero(&caller->options.key, sizeof(caller->options.key)); // the link has it
    rc = wh_link_init(&caller->link, bus,
                      &(struct wh_link_options){.kind = "door",
                                                .door = options->door,
                                                .key = options->key,
                                                .key_file = options->key_file,
                                                .doors_file = options->doors_file,
                                                .on_packet = on_packet,
                                                .on_writable = on_writable,
                                                .arg = caller});
    if (rc < 0) {
        free(caller);
        return rc;
    }
    wh_arena_init(&caller->arena, ANSWER_MAX);
    uv_timer_init(wh_bus_loop(bus), &caller->timer);
    caller->timer.data = caller;
    *ret_caller = caller;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct wh_caller *caller = handle->data;

    wh_arena_done(&caller->arena);
    free(caller);
}

void wh_caller_free(struct wh_caller *caller)
{
    if (!caller || caller->closing)
        return;
    caller->closing = true;
    wh_link_done(&caller->link);
    call_list_free_all(&caller->queue);
    call_list_free_all(&caller->flying);
    uv_close((uv_handle_t *)&caller->timer, on_timer_closed);
}

int wh_caller_call(struct wh_caller *caller, const struct wh_call *call)
{
    struct wh_uuid id = call->request_id;
    struct call_pending *pending;

    if (caller->queue.n + caller->flying.n >= QUEUE_MAX)
        return WH_E_BUSY;
    if (wh_uuid_is_nil(id))
        id = call_make_id();
    if (call_table_find(&caller->table, id.b))
        return WH_E_EXISTS;
    pending = call_pending_new(call, id);
    if (!pending)
        return WH_E_NOMEM;
    pending->called_at = now_ms();
    call_table_add(&caller->table, pending);
    if (call->urgent) {
        pending->act_at = caller->clock;
        call_list_add(&caller->flying, pending);
    } else {
        call_list_add(&caller->queue, pending);
    }
    if (!uv_is_active((uv_handle_t *)&caller->timer)) {
        caller->ticked_at = pending->called_at;
        uv_timer_start(&caller->timer, on_tick, TICK_MS, TICK_MS);
    }
    if (call->urgent && !caller->blocked)
        send_one(caller, pending);
    pump(caller);
    return 0;
}

size_t wh_caller_outstanding(const struct wh_caller *caller)
{
    return caller->queue.n + caller->flying.n;
}
