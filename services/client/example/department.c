// SPDX-License-Identifier: Apache-2.0
// A department's own subscriber: prints each new task and signs it. Kill it whenever you like: it
// goes on after its cursor, and since the request id is made of the event, signing twice has one
// effect.
//
//     cc department.c $(pkg-config --cflags --libs whistle) -o department
//     WHISTLE_KEY=keys/GASCO.key ./department /var/lib/gasco/cursor
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <whistle/whistle.h>

static void print_due(const char *what, int64_t at)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm local;
    char text[32];

    if (!at || !localtime_r(&seconds, &local))
        return;
    strftime(text, sizeof(text), "%m-%d %H:%M", &local);
    printf("  %s %s", what, text);
}

static void on_signed(void *arg, const struct wh_reply *reply)
{
    (void)arg;
    if (reply->kind == WH_REPLY_DONE)
        printf("signed   %s (event %" PRId64 ")\n", reply->done->ref, reply->done->seq);
    else if (reply->kind == WH_REPLY_REFUSED)
        printf("refused  %s: %s\n", reply->error->rule, reply->error->detail);
    else
        printf("no answer; the task stays unsigned until the next start\n");
    fflush(stdout);
}

static void on_event(void *arg, struct wh_subscription *subscription, const struct wh_event *event)
{
    struct wh_session *session = arg;
    struct wh_request request = {.on_reply = on_signed};
    struct wh_new_task task;
    const char *tasks[1];
    char what[80];
    uint8_t id[16];

    (void)subscription;
    if (!wh_event_new_task(event, wh_session_identity(session), &task))
        return;
    printf("new task %s P%d %s", task.id, (int)task.priority, task.title);
    print_due("sign by", task.due_sign);
    print_due("be there by", task.due_checkin);
    printf("\n");
    snprintf(what, sizeof(what), "sign/%s", task.id);
    wh_request_id_from(event->at, what, id);
    request.id = id;
    tasks[0] = task.id;
    wh_task_sign(session, tasks, 1, &request);
}

static void on_trouble(void *arg, struct wh_subscription *subscription, int error, const char *text)
{
    (void)arg;
    fprintf(stderr, "trouble: %s: %s\n", wh_strerror(error), text);
    if (error == WH_REWOUND) // a person should look; here we trust the new past
        wh_subscription_restart(subscription, 0);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    wh_session_stop(signal->data);
}

int main(int argc, char **argv)
{
    struct wh_session_options options = {.give_up_ms = -1};
    struct wh_subscription *subscription;
    struct wh_session *session;
    uv_signal_t interrupt;
    char why[256];
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CURSOR_FILE\n", argv[0]);
        return 2;
    }
    if (wh_session_open(&options, &session, why, sizeof(why)) < 0) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    rc = wh_subscribe(session,
                      &(struct wh_subscribe){.cursor_file = argv[1],
                                             .name = "example-department",
                                             .on_event = on_event,
                                             .on_trouble = on_trouble,
                                             .arg = session},
                      &subscription);
    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], wh_strerror(rc));
        wh_session_close(session);
        return 2;
    }
    uv_signal_init(wh_session_loop(session), &interrupt);
    interrupt.data = session;
    uv_signal_start(&interrupt, on_signal, SIGINT);
    wh_session_run(session);
    uv_close((uv_handle_t *)&interrupt, NULL);
    wh_session_close(session);
    return 0;
}
