// SPDX-License-Identifier: Apache-2.0
// `notify`, the program around the sender: options, cursor, signals, the loop.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/notify.h"
#include "cli/output.h"
#include "cli/text.h"

#define SEND_TIMEOUT_S 30

struct watch {
    uv_async_t wake;
    uv_timer_t silence;
};

// A batch may take long (commands, webhooks): it looks at the flag between two notices, the loop is
// woken for it where nothing is in hand.
static volatile sig_atomic_t stopping;
static uv_async_t *waker;

bool notify_stopping(void)
{
    return stopping;
}

static void on_stop(int number)
{
    (void)number;
    stopping = 1;
    if (waker)
        uv_async_send(waker);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct notify *notify = arg;
    (void)follower;
    fault_set(&notify->fault, 409, "rewound",
              T("流水已不是当初那份 (%s);请核实后删去游标文件重来",
                "the journal is not the one followed before (%s)"),
              rewound->why);
    notify->done = true;
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    struct notify *notify = arg;
    (void)follower;
    if (error->status == 429 || error->status == 503)
        return; // asked again by the follower
    fault_of_error(&notify->fault, error);
    notify->done = true;
}

static void on_wake(uv_async_t *wake)
{
    struct notify *notify = wake->data;
    notify->done |= notify_stopping();
}

static void on_silence(uv_timer_t *timer)
{
    struct notify *notify = timer->data;
    if ((int64_t)uv_now(timer->loop) - notify->heard_at < notify->cli->timeout_ms)
        return;
    fault_silence(&notify->fault, "notices");
    notify->done = true;
}

static void watch_start(struct watch *watch, struct notify *notify, uv_loop_t *loop)
{
    struct sigaction action = {.sa_handler = on_stop};
    uv_async_init(loop, &watch->wake, on_wake);
    watch->wake.data = notify;
    waker = &watch->wake;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    uv_timer_init(loop, &watch->silence);
    watch->silence.data = notify;
    notify->heard_at = (int64_t)uv_now(loop);
    if (notify->once)
        uv_timer_start(&watch->silence, on_silence, 200, 200);
}

static void watch_stop(struct watch *watch, uv_loop_t *loop)
{
    waker = NULL;
    uv_close((uv_handle_t *)&watch->wake, NULL);
    uv_close((uv_handle_t *)&watch->silence, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static int open_caller(struct notify *notify)
{
    struct session *session = session_get(notify->cli, &notify->fault);
    struct wh_caller_options options = {.give_up_ms = -1};
    if (!session ||
        session_door(notify->cli, "door", "dispatch", &options.door, &notify->fault) < 0)
        return -1;
    options.key = session->key;
    options.key_file = notify->cli->key_path;
    options.doors_file = notify->cli->doors_path;
    if (wh_caller_new(session->bus, &options, &notify->caller) == 0)
        return 0;
    fault_set(&notify->fault, 500, "internal", "dispatch");
    return -1;
}

static int open_follower(struct notify *notify, const char *name)
{
    struct session *session = notify->cli->session;
    struct wh_follow_options options = {.feed = "notices",
                                        .name = name,
                                        .credit_events = 256,
                                        .on_events = notify_take,
                                        .on_rewound = on_rewound,
                                        .on_refused = on_refused,
                                        .arg = notify};
    int r = wh_cursor_read(notify->cursor_path, &options.cursor);
    if (r < 0 && r != WH_E_NOTFOUND) {
        fault_usage(&notify->fault, "cursor", "%s: %s", notify->cursor_path, wh_strerror(r));
        return -1;
    }
    options.stored = r == WH_E_NOTFOUND; // a lost file: go on after what the publisher noted
    if (session_door(notify->cli, "feed", "notices", &options.door, &notify->fault) < 0)
        return -1;
    options.key = session->key;
    options.key_file = notify->cli->key_path;
    options.doors_file = notify->cli->doors_path;
    if (wh_follower_new(session->bus, &options, &notify->follower) == 0)
        return 0;
    fault_set(&notify->fault, 500, "internal", "notices");
    return -1;
}

static int run(struct notify *notify, const char *name)
{
    struct watch watch;
    if (open_caller(notify) < 0)
        return -1;
    names_get(notify->cli); // before the loop belongs to the feed
    if (open_follower(notify, name) < 0)
        return -1;
    uv_loop_t *loop = &notify->cli->session->loop;
    watch_start(&watch, notify, loop);
    session_run(notify->cli->session, &notify->done);
    watch_stop(&watch, loop);
    return *notify->fault.code ? -1 : 0;
}

static int take_options(struct notify *notify)
{
    static const char *const names[] = {"outbox", "exec", "webhook"};
    size_t given = 0;
    char why[256];
    for (size_t i = 0; i < 3; i++) {
        const char *target = args_text(&notify->cli->args, names[i]);
        if (!target)
            continue;
        given++;
        notify->sender = (struct sender){(enum sender_kind)i, target, SEND_TIMEOUT_S};
    }
    if (given != 1) {
        fault_usage(
            &notify->fault, "", "%s",
            T("--outbox、--exec、--webhook 三者选一", "one of --outbox, --exec, --webhook"));
        return -1;
    }
    if (sender_check(&notify->sender, why, sizeof why) < 0) {
        fault_usage(&notify->fault, "", "%s", why);
        return -1;
    }
    int r = sentlog_open(notify->cursor_path, &notify->log);
    if (r < 0) {
        fault_usage(&notify->fault, "cursor", "%s.sent: %s", notify->cursor_path,
                    r == WH_E_BUSY ? T("另一个发送程序在用", "another sender uses it")
                                   : wh_strerror(r));
        return -1;
    }
    return 0;
}

int run_notify(struct cli *cli)
{
    const char *path = args_text(&cli->args, "cursor");
    char name[64] = "notify";
    struct notify notify = {.cli = cli,
                            .channels = args_list(&cli->args, "channel"),
                            .cursor_path = path ? path : "notify.cursor",
                            .once = args_flag(&cli->args, "once")};
    const char *kind = json_string_value(json_array_get(notify.channels, 0));
    if (kind)
        (void)snprintf(name, sizeof name, "notify-%s", kind);
    event_reader_init(&notify.reader, "notices");
    if (take_options(&notify) == 0)
        run(&notify, name);
    wh_follower_free(notify.follower);
    wh_caller_free(notify.caller);
    wh_caller_free(notify.vault);
    while (notify.first) {
        struct batch *batch = notify.first;
        notify.first = batch->next;
        free(batch);
    }
    event_reader_done(&notify.reader);
    sentlog_close(notify.log);
    return *notify.fault.code ? fault_tell(cli, &notify.fault) : EXIT_DONE;
}
