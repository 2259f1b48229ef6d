// SPDX-License-Identifier: Apache-2.0
// `notify`: the sender program. Follows the feed "notices" after a durable cursor, hands each
// notice over (sender.h), answers NoticeSent or NoticeFailed at dispatch's door. The answer's
// request id is made from the notice's id, the event's time and the verdict: the same for ever, so
// that an answer given twice is one. The cursor moves only when every answer of its batch is
// acknowledged.
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/event.h"
#include "cli/names.h"
#include "cli/notify.h"
#include "cli/page.h"
#include "cli/text.h"
#include "client/json.h"

#define REQUEST_DAYS 29 // dispatch refuses ids older than 30 days

struct wh_uuid notify_request_id(const char *id, int64_t at, bool sent, int64_t now)
{
    uint8_t random[10];
    crypto_generichash_state state;
    int64_t oldest = now - REQUEST_DAYS * WH_MS_DAY;
    crypto_generichash_init(&state, NULL, 0, 16);
    crypto_generichash_update(&state, (const uint8_t *)id, strlen(id) + 1);
    crypto_generichash_update(&state, (const uint8_t *)(sent ? "SENT" : "FAILED"), sent ? 4 : 6);
    uint8_t hash[16];
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(random, hash, sizeof random);
    return wh_uuid7_make(at < oldest ? oldest : at, random);
}

static void finish(struct notify *notify, const struct fault *fault)
{
    notify->fault = *fault;
    notify->done = true;
}

static void finish_io(struct notify *notify, const char *path)
{
    struct fault fault = {0};
    fault_set(&fault, 500, "internal", "%s", path);
    finish(notify, &fault);
}

// ---- batches ------------------------------------------------------------------------------------

// Batches whose notices are all acknowledged: the cursor moves over them, in order.
static void settle(struct notify *notify)
{
    while (notify->first && notify->first->open == 0) {
        struct batch *batch = notify->first;
        if (wh_cursor_write(notify->cursor_path, &batch->upto) < 0) {
            finish_io(notify, notify->cursor_path);
            return;
        }
        wh_follower_done(notify->follower, batch->upto.seq);
        notify->first = batch->next;
        if (!notify->first)
            notify->last = NULL;
        if (notify->once && batch->live && !notify->first)
            notify->done = true;
        free(batch);
    }
    if (!notify->first && sentlog_clear(notify->log) < 0)
        finish_io(notify, notify->cursor_path);
}

static void on_answered(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct item *item = arg;
    struct notify *notify = item->notify;
    struct reply reply;
    reply_init(&reply);
    if (reply_take(&reply, DOOR_DISPATCH, status, answer) < 0) {
        char text[1024];
        fault_line(&reply.fault, text, sizeof text);
        (void)fprintf(stderr, "whistle: %s: %s\n", item->id, text);
        if (reply.fault.status == 401 || reply.fault.status == 403)
            finish(notify, &reply.fault); // this key may not answer: nothing is acknowledged
    }
    if (!notify->done) {
        item->batch->open--;
        settle(notify);
    }
    reply_done(&reply);
    if (item->sealed)
        whistle__v1__notice__free_unpacked(item->sealed, NULL);
    free(item->id);
    free(item);
}

static void answer_notice(struct item *item, bool sent, const char *why)
{
    struct notify *notify = item->notify;
    struct fault fault = {0};
    json_t *body = must(json_pack("{s:s}", "id", item->id));
    if (!sent)
        json_object_set_new(body, "why", json_string(why));
    struct wh_call call = {.request_id = notify_request_id(item->id, item->at, sent, cli_now()),
                           .officer = "",
                           .acting_for = "",
                           .on_answer = on_answered,
                           .arg = item};
    void *bytes = session_pack(DOOR_DISPATCH, sent ? "notice_sent" : "notice_failed", body,
                               &call.body_n, &fault);
    call.body = bytes;
    json_decref(body);
    if (!bytes || wh_caller_call(notify->caller, &call) < 0) {
        fault_set(&fault, 500, "internal", "%s", item->id);
        finish(notify, &fault);
    }
    free(bytes);
}

// ---- one notice ---------------------------------------------------------------------------------

// open: the address was sealed, only the channel's kind is shown.
static void tell(const struct notify *notify, const Whistle__V1__Notice *notice, bool open,
                 const char *why)
{
    bool sent = !*why;
    int shown = (int)(open ? strcspn(notice->channel, ":") : strlen(notice->channel));
    if (notify->cli->json) {
        json_t *line =
            must(json_pack("{s:s, s:s%, s:s}", "id", notice->id, "channel", notice->channel,
                           (size_t)shown, "verdict", sent ? "SENT" : "FAILED"));
        if (!sent)
            json_object_set_new(line, "why", json_string(why));
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else {
        char at[32];
        time_text(notify->cli, cli_now(), at, sizeof at);
        printf("%s %s %.*s  ", at, sent ? "✓" : "✗", shown, notice->channel);
        say_clean(stdout, sent ? T(notice->text_zh, notice->text_en) : why, false);
        (void)fputc('\n', stdout);
    }
    (void)fflush(stdout);
}

static json_t *notice_json(struct notify *notify, const Whistle__V1__Notice *notice,
                           const Whistle__V1__Event *event)
{
    char issued[48];
    time_full(notify->cli, event->at, issued, sizeof issued);
    json_t *json = must(wh_json_from(&notice->base, names_zone(notify->cli)));
    json_object_set_new(json, "issued_at", json_string(issued));
    json_object_set_new(json, "seq", json_integer(event->seq));
    return json;
}

static int send_and_log(struct notify *notify, const Whistle__V1__Notice *notice,
                        const json_t *json)
{
    char why[256] = "";
    if (sender_send(&notify->sender, notice, json, why, sizeof why) < 0 && !*why)
        (void)snprintf(why, sizeof why, "failed");
    // An outbox file written again is the same file: its name and content come from the notice.
    bool durable = notify->sender.kind != SENDER_OUTBOX;
    return sentlog_add(notify->log, notice->id, why, durable);
}

// A command's hand-over runs in a process of its own, in a session of its own: it outlives a killed
// sender and still notes its result, so that the next sender does not run the command again.
static int send_apart(struct notify *notify, const Whistle__V1__Notice *notice, const json_t *json)
{
    int status;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        (void)signal(SIGTERM, SIG_IGN);
        _exit(send_and_log(notify, notice, json) < 0);
    }
    if (pid < 0)
        return WH_E_IO;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return WH_E_IO;
    sentlog_load(notify->log);
    return 0;
}

// Hands it over unless that was done before a kill. ret_why: "" sent.
static int hand_over(struct notify *notify, const Whistle__V1__Notice *notice,
                     const Whistle__V1__Event *event, bool open, char *ret_why, size_t n)
{
    const char *why = "failed";
    if (!sentlog_find(notify->log, notice->id, &why)) {
        json_t *json = notice_json(notify, notice, event);
        int r = notify->sender.kind == SENDER_EXEC ? send_apart(notify, notice, json)
                                                   : send_and_log(notify, notice, json);
        json_decref(json);
        if (r < 0)
            return r;
        sentlog_find(notify->log, notice->id, &why);
        tell(notify, notice, open, why);
    }
    (void)snprintf(ret_why, n, "%s", why);
    return 0;
}

static bool mine(const struct notify *notify, const Whistle__V1__Notice *notice)
{
    size_t at, n = strcspn(notice->channel, ":");
    json_t *kind;
    if (!notify->channels)
        return true;
    json_array_foreach(notify->channels, at, kind)
    {
        const char *name = json_string_value(kind);
        if (strlen(name) == n && strncmp(name, notice->channel, n) == 0)
            return true;
    }
    return false;
}

// Hands the notice over and answers for it.
static void deliver(struct item *item, const Whistle__V1__Notice *notice,
                    const Whistle__V1__Event *event, bool open)
{
    char why[256];
    if (hand_over(item->notify, notice, event, open, why, sizeof why) < 0)
        finish_io(item->notify, item->notify->cursor_path);
    else
        answer_notice(item, !*why, why);
}

static void on_opened(struct item *item, const char *channel)
{
    Whistle__V1__Notice notice = *item->sealed;
    Whistle__V1__Event event = WHISTLE__V1__EVENT__INIT;
    const char *why = "the address cannot be opened any more";
    event.at = item->at;
    event.seq = item->seq;
    notice.channel = (char *)(uintptr_t)channel;
    if (channel)
        deliver(item, &notice, &event, true);
    else
        answer_notice(item, false, why);
}

static void take_notice(struct notify *notify, struct batch *batch,
                        const Whistle__V1__Notice *notice, const Whistle__V1__Event *event)
{
    const char *why = "failed";
    struct item *item = must(calloc(1, sizeof *item));
    *item = (struct item){.notify = notify,
                          .batch = batch,
                          .id = must(strdup(notice->id)),
                          .at = event->at,
                          .seq = event->seq};
    batch->open++;
    if (!notify_is_sealed(notice) || sentlog_find(notify->log, notice->id, &why)) {
        deliver(item, notice, event, notify_is_sealed(notice));
        return;
    }
    size_t n = whistle__v1__notice__get_packed_size(notice);
    uint8_t *bytes = must(malloc(n + 1));
    whistle__v1__notice__pack(notice, bytes);
    item->sealed = must(whistle__v1__notice__unpack(NULL, n, bytes));
    free(bytes);
    if (notify_open(item, on_opened) < 0)
        notify->done = true;
}

// ---- the feed -----------------------------------------------------------------------------------

static void take_row(struct notify *notify, struct batch *batch, const Whistle__V1__EventRow *row)
{
    struct event_view view;
    if (event_read(&notify->reader, row, &view) < 0) {
        struct fault fault = {0};
        fault_set(&fault, 502, "protocol", "%s", T("一条事件读不懂", "one event cannot be read"));
        finish(notify, &fault); // never past what was not understood
        return;
    }
    const Whistle__V1__DispatchEvent *event = (const Whistle__V1__DispatchEvent *)view.payload;
    for (size_t i = 0; i < event->n_notices && !notify->done; i++) {
        if (mine(notify, event->notices[i]))
            take_notice(notify, batch, event->notices[i], view.event);
        notify->done |= notify_stopping();
    }
}

void notify_take(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct notify *notify = arg;
    struct batch *batch = must(calloc(1, sizeof *batch));
    (void)follower;
    notify->heard_at = (int64_t)uv_now(&notify->cli->session->loop);
    batch->live = events->live;
    batch->open = 1; // ours, until all its notices are under way
    batch->upto.seq = events->upto;
    batch->upto.has_hash = events->hash.len == WH_HASH_SIZE;
    if (batch->upto.has_hash)
        memcpy(batch->upto.hash, events->hash.data, WH_HASH_SIZE);
    if (notify->last)
        notify->last->next = batch;
    else
        notify->first = batch;
    notify->last = batch;
    for (size_t i = 0; i < events->n_events && !notify->done; i++)
        take_row(notify, batch, events->events[i]);
    batch->open--;
    if (!notify->done)
        settle(notify);
}
