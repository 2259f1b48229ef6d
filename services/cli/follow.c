// SPDX-License-Identifier: Apache-2.0
// `follow`: a feed's events as they happen, a line each. With a cursor file the next run goes on
// where this one ended: the cursor moves only after the lines have left. A break between the two
// prints an event again (its seq is in the line); none is ever left out.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/event.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"

struct following {
    struct cli *cli;
    const char *feed, *path;
    struct event_reader reader;
    struct fault fault;
    struct wh_cursor cursor;
    int64_t since; // ms: earlier events are not shown
    bool once, done;
    uv_signal_t signals[2];
    uv_timer_t silence;
    int64_t heard_at;
};

static void print_human(struct following *following, const struct event_view *view)
{
    char at[32], number[WH_NUMBER_MAX] = "";
    time_text(following->cli, view->event->at, at, sizeof at);
    event_number(following->cli, view->event->object, number);
    printf("%lld  %s  %s  %s  %s", (long long)view->event->seq, at, number, view->kind,
           text_event(view->kind));
    if (view->event->actor && *view->event->actor->identity)
        printf("  %s", name_party(following->cli, view->event->actor->identity));
    (void)fputc('\n', stdout);
}

static void show(struct following *following, const Whistle__V1__EventRow *row)
{
    struct event_view view;
    if (event_read(&following->reader, row, &view) < 0) {
        (void)fprintf(stderr, "whistle: %s\n", T("一条事件读不懂", "one event cannot be read"));
        return;
    }
    if (view.event->at < following->since)
        return;
    if (following->cli->json) {
        json_t *line = event_json(following->cli, following->feed, &view);
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else {
        print_human(following, &view);
    }
}

static void stop(struct following *following, int status, const char *detail)
{
    fault_set(&following->fault, status, "stopped", "%s", detail);
    following->done = true;
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct following *following = arg;
    following->heard_at = (int64_t)uv_now(&following->cli->session->loop);
    for (size_t i = 0; i < events->n_events; i++)
        show(following, events->events[i]);
    if (fflush(stdout) != 0) {
        stop(following, 500, T("输出写不出去", "cannot write the output"));
        return;
    }
    following->cursor.seq = events->upto;
    following->cursor.has_hash = events->hash.len == WH_HASH_SIZE;
    if (following->cursor.has_hash)
        memcpy(following->cursor.hash, events->hash.data, WH_HASH_SIZE);
    if (following->path && wh_cursor_write(following->path, &following->cursor) < 0) {
        stop(following, 500, T("游标文件写不了", "cannot write the cursor file"));
        return;
    }
    wh_follower_done(follower, events->upto);
    if (following->once && events->live)
        following->done = true;
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    struct following *following = arg;
    (void)follower;
    fault_set(&following->fault, 409, "rewound",
              T("流水已不是当初那份 (%s);请核实后删去游标文件重来",
                "the journal is not the one followed before (%s)"),
              rewound->why);
    following->done = true;
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    struct following *following = arg;
    (void)follower;
    if (error->status == 429 || error->status == 503)
        return; // asked again by the follower
    fault_of_error(&following->fault, error);
    following->done = true;
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct following *following = signal->data;
    (void)number;
    following->done = true;
}

// Only a run that is to end (--once) gives up: one that stays waits for its publisher.
static void on_silence(uv_timer_t *timer)
{
    struct following *following = timer->data;
    if ((int64_t)uv_now(timer->loop) - following->heard_at < following->cli->timeout_ms)
        return;
    fault_silence(&following->fault, following->feed);
    following->done = true;
}

static void watch(struct following *following, uv_loop_t *loop)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(loop, &following->signals[i]);
        following->signals[i].data = following;
        uv_signal_start(&following->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(loop, &following->silence);
    following->silence.data = following;
    following->heard_at = (int64_t)uv_now(loop);
    if (following->once)
        uv_timer_start(&following->silence, on_silence, 200, 200);
}

static void unwatch(struct following *following, uv_loop_t *loop)
{
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&following->signals[i], NULL);
    uv_close((uv_handle_t *)&following->silence, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static int follow(struct following *following, const char *const *subjects, size_t n)
{
    struct cli *cli = following->cli;
    struct session *session = session_get(cli, &following->fault);
    struct wh_follow_options options = {.feed = following->feed,
                                        .name = "",
                                        .subjects = subjects,
                                        .n_subjects = n,
                                        .cursor = following->cursor,
                                        .on_events = on_events,
                                        .on_rewound = on_rewound,
                                        .on_refused = on_refused,
                                        .arg = following};
    struct wh_follower *follower = NULL;
    if (!session ||
        session_door(cli, "feed", following->feed, &options.door, &following->fault) < 0)
        return -1;
    options.key = session->key;
    options.key_file = cli->key_path;
    options.doors_file = cli->doors_path;
    names_get(cli); // before the loop belongs to the feed
    if (wh_follower_new(session->bus, &options, &follower) < 0) {
        fault_set(&following->fault, 500, "internal", "%s", following->feed);
        return -1;
    }
    watch(following, &session->loop);
    session_run(session, &following->done);
    wh_follower_free(follower);
    unwatch(following, &session->loop);
    return *following->fault.code ? -1 : 0;
}

static int read_cursor(struct following *following)
{
    following->path = args_text(&following->cli->args, "cursor");
    if (!following->path)
        return 0;
    int r = wh_cursor_read(following->path, &following->cursor);
    if (r == 0 || r == WH_E_NOTFOUND)
        return 0;
    fault_usage(&following->fault, "cursor", "%s: %s", following->path, wh_strerror(r));
    return -1;
}

int run_follow(struct cli *cli)
{
    const char *feed = args_text(&cli->args, "feed");
    const json_t *list = args_list(&cli->args, "subject");
    struct following following = {
        .cli = cli, .feed = feed ? feed : "dispatch", .once = args_flag(&cli->args, "once")};
    size_t n = json_array_size(list);
    const char **subjects = must(calloc(n + 1, sizeof *subjects));
    for (size_t i = 0; i < n; i++)
        subjects[i] = json_string_value(json_array_get(list, i));
    if (args_flag(&cli->args, "new"))
        following.since = cli_now();
    event_reader_init(&following.reader, following.feed);
    if (read_cursor(&following) == 0)
        follow(&following, subjects, n);
    event_reader_done(&following.reader);
    free(subjects);
    return *following.fault.code ? fault_tell(cli, &following.fault) : EXIT_DONE;
}
