// SPDX-License-Identifier: Apache-2.0
// A department's own subscriber: prints each new task and signs it, and prints what others add.
// Kill it whenever you like: the cursor moves only over events whose signatures are answered, so
// none is left out, and since the request id is made of the event, signing twice has one effect.
//
//     cc department.c $(pkg-config --cflags --libs whistle) -o department
//     WHISTLE_KEY=keys/GASCO.key ./department /var/lib/gasco/cursor
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <whistle/whistle.h>

struct department {
    struct wh_session *session;
    struct wh_subscription *subscription;
    int64_t seen;     // the last event that came
    unsigned waiting; // signatures without answer
};

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

// Everything seen is durable with the service: the cursor may move.
static void settle(struct department *department)
{
    if (!department->waiting && wh_subscription_done(department->subscription, department->seen))
        fprintf(stderr, "the cursor cannot be written\n"); // tried again with the next event
}

static void on_signed(void *arg, const struct wh_reply *reply)
{
    struct department *department = arg;

    if (reply->kind == WH_REPLY_DONE)
        printf("signed   %s (event %" PRId64 ")\n", reply->done->ref, reply->done->seq);
    else if (reply->kind == WH_REPLY_REFUSED)
        printf("refused  %s: %s\n", reply->error->rule, reply->error->detail);
    else
        printf("no answer; the task stays unsigned until the next start\n");
    fflush(stdout);
    department->waiting--;
    settle(department);
}

static void sign(struct department *department, const struct wh_event *event, const char *task)
{
    struct wh_request request = {.on_reply = on_signed, .arg = department};
    char what[80];
    uint8_t id[16];
    int rc;

    snprintf(what, sizeof(what), "sign/%s", task);
    wh_request_id_from(event->at, what, id);
    request.id = id;
    rc = wh_task_sign(department->session, &task, 1, &request);
    if (rc == 0) {
        department->waiting++;
        return;
    }
    fprintf(stderr, "%s: %s; started again it comes again\n", task, wh_strerror(rc));
    wh_session_stop(department->session);
    department->waiting++; // the cursor stays before it
}

// One more person reports the matter that we work on: what that one says, and new danger in it.
static void print_addition(const Whistle__V1__WhistleSupported *more)
{
    printf("more on  %s: %s %s\n", more->number, more->title, more->text);
    for (size_t i = 0; i < more->n_danger; i++)
        printf("DANGER   %s: %s\n", more->number, more->danger[i]);
    fflush(stdout);
}

static void on_event(void *arg, struct wh_subscription *subscription, const struct wh_event *event)
{
    struct department *department = arg;
    struct wh_new_task task;

    (void)subscription;
    department->seen = event->seq;
    if (event->dispatch &&
        event->dispatch->what_case == WHISTLE__V1__DISPATCH_EVENT__WHAT_SUPPORTED)
        print_addition(event->dispatch->supported);
    if (!wh_event_new_task(event, wh_session_identity(department->session), &task)) {
        settle(department);
        return;
    }
    printf("new task %s P%d %s", task.id, (int)task.priority, task.title);
    print_due("sign by", task.due_sign);
    print_due("be there by", task.due_checkin);
    printf("\n");
    sign(department, event, task.id);
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
    struct department department = {0};
    uv_signal_t interrupt;
    char why[256];
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CURSOR_FILE\n", argv[0]);
        return 2;
    }
    if (wh_session_open(&options, &department.session, why, sizeof(why)) < 0) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    rc = wh_subscribe(department.session,
                      &(struct wh_subscribe){.cursor_file = argv[1],
                                             .name = "example-department",
                                             .on_event = on_event,
                                             .manual = true,
                                             .on_trouble = on_trouble,
                                             .arg = &department},
                      &department.subscription);
    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], wh_strerror(rc));
        wh_session_close(department.session);
        return 2;
    }
    uv_signal_init(wh_session_loop(department.session), &interrupt);
    interrupt.data = department.session;
    uv_signal_start(&interrupt, on_signal, SIGINT);
    wh_session_run(department.session);
    uv_close((uv_handle_t *)&interrupt, NULL);
    wh_session_close(department.session);
    return 0;
}
