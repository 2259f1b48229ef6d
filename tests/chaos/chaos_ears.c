// SPDX-License-Identifier: Apache-2.0
// Departments that only listen: one follower each in one loop. For every whistle that is dispatched
// to one of them: the time from dispatch's decision (the event's `at`) and from the street's raise
// (`submitted_at`, the commit of the command) until it is heard here, P1 told apart. SIGUSR1 begins
// the next phase, SIGUSR2 hangs the whole loop for HANG_S seconds (network threads go on), SIGTERM
// prints one JSON object: what was heard in each phase, and whether all ranges were contiguous.
//   chaos_ears DOORS KEYS CODE,CODE… HANG_S
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "client/follow.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"

#define EARS_MAX 64
#define PHASES_MAX 16
#define EVENT_CAP ((size_t)8 << 20)

struct times {
    float *ms;
    size_t n, room;
};

struct phase {
    struct times heard[2], whole[2]; // [1]: P1
};

struct ears;

struct ear {
    struct ears *ears;
    struct wh_follower *follower;
    struct wh_key key;
    const char *code;
    int64_t upto;
    uint64_t events, tasks, gaps;
};

struct ears {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_arena arena;
    struct ear ears[EARS_MAX];
    size_t n;
    struct phase phases[PHASES_MAX];
    size_t phase;
    unsigned hang_s;
    uv_signal_t next, hang, end;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_ears: %s: %s\n", what, why);
    exit(2);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void add(struct times *times, double ms)
{
    if (times->n == times->room) {
        times->room = times->room ? 2 * times->room : 4096;
        times->ms = realloc(times->ms, times->room * sizeof *times->ms);
        if (times->ms == NULL)
            die("memory", "none");
    }
    times->ms[times->n++] = (float)ms;
}

static void take(struct ear *ear, const ProtobufCBinaryData *body, double now)
{
    struct ears *ears = ear->ears;
    wh_arena_reset(&ears->arena);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack(
        &whistle__v1__event__descriptor, &ears->arena, body->data, body->len, NULL);
    const Whistle__V1__DispatchEvent *what =
        event == NULL ? NULL
                      : (const Whistle__V1__DispatchEvent *)wh_unpack(
                            &whistle__v1__dispatch_event__descriptor, &ears->arena,
                            event->payload.data, event->payload.len, NULL);
    if (what == NULL)
        die("event", "cannot be read");
    ear->events++;
    if (what->what_case != WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED)
        return;
    const Whistle__V1__WhistleFacts *whistle = what->dispatched->whistle;
    int p1 = whistle->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1;
    struct phase *phase = &ears->phases[ears->phase];
    add(&phase->heard[p1], now - (double)event->at);
    add(&phase->whole[p1], now - (double)whistle->submitted_at);
    ear->tasks++;
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct ear *ear = arg;
    double now = now_ms();
    ear->gaps += events->after != ear->upto;
    for (size_t i = 0; i < events->n_events; i++)
        take(ear, &events->events[i]->body, now);
    ear->upto = events->upto;
    wh_follower_done(follower, events->upto);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    (void)arg, (void)follower;
    die("rewound", rewound->why);
}

// ---- the line of figures ----------------------------------------------------------------------

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void print_times(const char *name, struct times *times, bool last)
{
    printf("\"%s\":{\"n\":%zu", name, times->n);
    if (times->n > 0) {
        qsort(times->ms, times->n, sizeof *times->ms, compare);
        printf(",\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f", (double)times->ms[times->n / 2],
               (double)times->ms[(size_t)((double)(times->n - 1) * 0.99)],
               (double)times->ms[times->n - 1]);
    }
    printf("}%s", last ? "" : ",");
}

static void print_result(struct ears *ears)
{
    printf("{\"phases\":[");
    for (size_t i = 0; i <= ears->phase; i++) {
        struct phase *phase = &ears->phases[i];
        printf("%s{", i > 0 ? "," : "");
        print_times("heard", &phase->heard[0], false);
        print_times("whole", &phase->whole[0], false);
        print_times("p1_heard", &phase->heard[1], false);
        print_times("p1_whole", &phase->whole[1], true);
        printf("}");
    }
    printf("],\"ears\":{");
    for (size_t i = 0; i < ears->n; i++) {
        const struct ear *ear = &ears->ears[i];
        printf("%s\"%s\":{\"upto\":%" PRId64 ",\"events\":%" PRIu64 ",\"tasks\":%" PRIu64
               ",\"gaps\":%" PRIu64 "}",
               i > 0 ? "," : "", ear->code, ear->upto, ear->events, ear->tasks, ear->gaps);
    }
    printf("}}\n");
    fflush(stdout);
}

// ---- signals and beginning --------------------------------------------------------------------

static void on_next(uv_signal_t *handle, int number)
{
    struct ears *ears = handle->data;
    (void)number;
    if (ears->phase + 1 < PHASES_MAX)
        ears->phase++;
}

static void on_hang(uv_signal_t *handle, int number)
{
    const struct ears *ears = handle->data;
    (void)number;
    struct timespec left = {.tv_sec = ears->hang_s};
    while (nanosleep(&left, &left) != 0)
        ;
}

static void on_end(uv_signal_t *handle, int number)
{
    (void)number;
    print_result(handle->data);
    exit(0);
}

static void catch_signal(struct ears *ears, uv_signal_t *handle, int number, uv_signal_cb callback)
{
    uv_signal_init(&ears->loop, handle);
    handle->data = ears;
    uv_signal_start(handle, callback, number);
}

static void open_ear(struct ears *ears, const char *doors, const char *keys, const char *code)
{
    char path[512], why[256];
    if (ears->n == EARS_MAX)
        die(code, "too many");
    struct ear *ear = &ears->ears[ears->n++];
    ear->ears = ears;
    ear->code = code;
    struct wh_follow_options options = {.feed = "dispatch",
                                        .name = "ears",
                                        .subjects = &ear->code,
                                        .n_subjects = 1,
                                        .on_events = on_events,
                                        .on_rewound = on_rewound,
                                        .arg = ear};
    (void)snprintf(path, sizeof path, "%s/%s.key", keys, code);
    if (wh_key_read(path, &options.key, why, sizeof why) != 0 ||
        wh_doors_find(doors, "feed", "dispatch", &options.door, why, sizeof why) != 0)
        die(code, why);
    int error = wh_follower_new(ears->bus, &options, &ear->follower);
    if (error != 0)
        die(code, wh_strerror(error));
}

int main(int argc, char **argv)
{
    static struct ears ears;
    if (argc != 5) {
        fprintf(stderr, "usage: chaos_ears DOORS KEYS CODE,CODE… HANG_S\n");
        return 2;
    }
    ears.hang_s = (unsigned)strtoul(argv[4], NULL, 10);
    if (uv_loop_init(&ears.loop) != 0 || wh_bus_new(&ears.loop, &ears.bus) != 0)
        die("start", "no loop");
    wh_arena_init(&ears.arena, EVENT_CAP);
    for (char *code = strtok(argv[3], ","); code != NULL; code = strtok(NULL, ","))
        open_ear(&ears, argv[1], argv[2], code);
    catch_signal(&ears, &ears.next, SIGUSR1, on_next);
    catch_signal(&ears, &ears.hang, SIGUSR2, on_hang);
    catch_signal(&ears, &ears.end, SIGTERM, on_end);
    uv_run(&ears.loop, UV_RUN_DEFAULT);
    return 2;
}
