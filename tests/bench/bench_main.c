// SPDX-License-Identifier: Apache-2.0
// The main job under load: one street raises whistles of 600 bytes of text, each a matter of its
// own (support/bench_matter.h), four departments follow their tasks and acknowledge each batch
// after an fdatasync of their own. Prints one JSON object: accepted/s, delivered/s (all four),
// times from the raise to the answer and to the last department's durable acknowledgement, and how
// many were taken for another's (joined: the departments hear them as additions) or perhaps
// another's. Everything runs in this one process and loop.
//   bench_main DOORS KEYS COUNT WINDOW RATE   (RATE 0: as fast as the window
//   allows)
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "client/call.h"
#include "client/follow.h"
#include "support/bench_matter.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define DEPARTMENTS 4

static const char *const codes[DEPARTMENTS] = {"FIRE", "HOUSING", "POLICE", "POWERCO"};

struct bench;

// A department: its follower, its file, and what waits for the running
// fdatasync.
struct department {
    struct bench *bench;
    struct wh_follower *follower;
    int fd;
    uv_fs_t sync;
    bool syncing;
    int64_t pending_upto, syncing_upto;
    uint32_t *pending, *syncing_ids; // indices of whistles
    size_t n_pending, n_syncing;
    uint64_t seen;
};

struct bench {
    uv_loop_t *loop;
    struct wh_bus *bus;
    struct wh_caller *caller;
    struct department departments[DEPARTMENTS];
    uv_timer_t pacer;
    struct bench_matters *matters;
    size_t count, window, sent, answered, delivered, refused, joined, perhaps;
    double rate;
    uint64_t begin, last_answer, last_delivery;
    uint64_t *sent_at, *accept_ns, *deliver_ns;
    uint8_t *left; // departments that have not acknowledged yet
};

static uint64_t now_ns(void)
{
    return uv_hrtime();
}

static void die(const char *what, int code)
{
    fprintf(stderr, "bench_main: %s: %s\n", what, wh_strerror(code));
    exit(2);
}

static void maybe_done(struct bench *bench)
{
    if (bench->answered == bench->count && bench->delivered + bench->refused >= bench->count) {
        uv_stop(bench->loop);
    }
}

static void pump(struct bench *bench);

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    uint64_t *slot = arg;
    struct bench *bench = ((struct bench **)slot)[0];
    size_t index = (size_t)slot[1];
    uint64_t now = now_ns();
    free(slot);
    bench->accept_ns[index] = now - bench->sent_at[index];
    bench->answered++;
    bench->last_answer = now;
    if (status != 0 || answer->error != NULL) {
        bench->refused++;
        fprintf(stderr, "bench_main: refused: %s %s\n", wh_strerror(status),
                status == 0 ? answer->error->rule : "");
    }
    pump(bench);
    maybe_done(bench);
}

static void raise_one(struct bench *bench, size_t index)
{
    Whistle__V1__Place place = WHISTLE__V1__PLACE__INIT;
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    bench_matter_fill(bench->matters, index, &raise, &place);
    place.unit = (char *)"990101003002";
    raise.unit = (char *)"990101003";
    raise.category = (char *)"EBIKE_CHARGE";
    raise.place = &place;
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    command.raise = &raise;
    uint8_t body[4096];
    size_t body_n = whistle__v1__intake_command__pack(&command, body);
    uint64_t *slot = malloc(2 * sizeof *slot);
    ((struct bench **)slot)[0] = bench;
    slot[1] = index;
    bench->sent_at[index] = now_ns();
    struct wh_call call = {.officer = "",
                           .acting_for = "",
                           .body = body,
                           .body_n = body_n,
                           .on_answer = on_answer,
                           .arg = slot};
    int code = wh_caller_call(bench->caller, &call);
    if (code != 0) {
        die("call", code);
    }
}

static void pump(struct bench *bench)
{
    size_t allowed = bench->count;
    if (bench->rate > 0) {
        double elapsed = (double)(now_ns() - bench->begin) / 1e9;
        size_t due = (size_t)(elapsed * bench->rate) + 1;
        allowed = due < bench->count ? due : bench->count;
    }
    while (bench->sent < allowed && bench->sent - bench->answered < bench->window) {
        raise_one(bench, bench->sent++);
    }
}

static void on_pace(uv_timer_t *timer)
{
    pump(timer->data);
}

static void start_sync(struct department *department);

static void on_synced(uv_fs_t *request)
{
    struct department *department = request->data;
    struct bench *bench = department->bench;
    uint64_t now = now_ns();
    uv_fs_req_cleanup(request);
    department->syncing = false;
    for (size_t i = 0; i < department->n_syncing; i++) {
        size_t index = department->syncing_ids[i];
        if (--bench->left[index] == 0) {
            bench->deliver_ns[index] = now - bench->sent_at[index];
            bench->delivered++;
            bench->last_delivery = now;
        }
    }
    wh_follower_done(department->follower, department->syncing_upto);
    if (department->n_pending > 0 || department->pending_upto > department->syncing_upto) {
        start_sync(department);
    }
    maybe_done(bench);
}

static void start_sync(struct department *department)
{
    uint32_t *ids = department->syncing_ids;
    department->syncing_ids = department->pending;
    department->pending = ids;
    department->n_syncing = department->n_pending;
    department->n_pending = 0;
    department->syncing_upto = department->pending_upto;
    department->syncing = true;
    department->sync.data = department;
    ssize_t wrote = write(department->fd, department->syncing_ids,
                          department->n_syncing * sizeof(uint32_t) + 0);
    if (wrote < 0) {
        die("write", WH_E_IO);
    }
    uv_fs_fdatasync(department->bench->loop, &department->sync, department->fd, on_synced);
}

static void take_event(struct department *department, const ProtobufCBinaryData *body)
{
    Whistle__V1__Event *event = whistle__v1__event__unpack(NULL, body->len, body->data);
    Whistle__V1__DispatchEvent *what =
        event == NULL
            ? NULL
            : whistle__v1__dispatch_event__unpack(NULL, event->payload.len, event->payload.data);
    if (what == NULL) {
        die("unpack", WH_E_PROTOCOL);
    }
    const char *text = NULL; // of the whistle that this department hears of now
    bool first = department == department->bench->departments;
    if (what->what_case == WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED) {
        text = what->dispatched->whistle->text;
        department->bench->perhaps += first && what->dispatched->n_perhaps > 0;
    } else if (what->what_case == WHISTLE__V1__DISPATCH_EVENT__WHAT_SUPPORTED) {
        text = what->supported->text;
        department->bench->joined += first;
    }
    unsigned long index = text ? strtoul(text, NULL, 10) : department->bench->count;
    if (index < department->bench->count) {
        department->pending[department->n_pending++] = (uint32_t)index;
        department->seen++;
    }
    whistle__v1__dispatch_event__free_unpacked(what, NULL);
    whistle__v1__event__free_unpacked(event, NULL);
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct department *department = arg;
    (void)follower;
    for (size_t i = 0; i < events->n_events; i++) {
        take_event(department, &events->events[i]->body);
    }
    department->pending_upto = events->upto;
    if (!department->syncing) {
        start_sync(department);
    }
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    (void)arg, (void)follower;
    fprintf(stderr, "bench_main: rewound: %s\n", rewound->why);
    exit(2);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile(uint64_t *values, size_t n, double p)
{
    qsort(values, n, sizeof *values, compare);
    return (double)values[(size_t)((double)(n - 1) * p)] / 1e6;
}

static void load_key(const char *keys, const char *code, struct wh_key *ret_key)
{
    char path[512], why[256];
    snprintf(path, sizeof path, "%s/%s.key", keys, code);
    int result = wh_key_read(path, ret_key, why, sizeof why);
    if (result != 0) {
        fprintf(stderr, "bench_main: %s\n", why);
        exit(2);
    }
}

// Written once before, as a database does with its log: an fdatasync then waits for the data alone.
static void prepare_file(int fd, size_t bytes)
{
    static const char zeroes[65536];
    for (size_t at = 0; at < bytes; at += sizeof zeroes) {
        if (write(fd, zeroes, sizeof zeroes) < 0) {
            die("write", WH_E_IO);
        }
    }
    if (fsync(fd) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        die("fsync", WH_E_IO);
    }
}

static void open_departments(struct bench *bench, const char *doors, const char *keys)
{
    char why[256];
    for (size_t i = 0; i < DEPARTMENTS; i++) {
        struct department *department = &bench->departments[i];
        department->bench = bench;
        department->pending = calloc(bench->count, sizeof(uint32_t));
        department->syncing_ids = calloc(bench->count, sizeof(uint32_t));
        char path[] = "/tmp/bench-department-XXXXXX";
        department->fd = mkstemp(path);
        unlink(path);
        prepare_file(department->fd, bench->count * sizeof(uint32_t));
        struct wh_follow_options options = {.feed = "dispatch",
                                            .name = "bench",
                                            .subjects = &codes[i],
                                            .n_subjects = 1,
                                            .on_events = on_events,
                                            .on_rewound = on_rewound,
                                            .arg = department};
        load_key(keys, codes[i], &options.key);
        int code = wh_doors_find(doors, "feed", "dispatch", &options.door, why, sizeof why);
        if (code != 0 ||
            (code = wh_follower_new(bench->bus, &options, &department->follower)) != 0) {
            die("follow dispatch", code);
        }
    }
}

static void wait_caught_up(struct bench *bench)
{
    for (;;) {
        size_t ready = 0;
        for (size_t i = 0; i < DEPARTMENTS; i++) {
            ready += wh_follower_caught_up(bench->departments[i].follower);
        }
        if (ready == DEPARTMENTS) {
            return;
        }
        uv_run(bench->loop, UV_RUN_ONCE);
    }
}

static void print_result(struct bench *bench)
{
    double accept_s = (double)(bench->last_answer - bench->begin) / 1e9;
    double deliver_s = (double)(bench->last_delivery - bench->begin) / 1e9;
    size_t n = bench->count;
    printf("{\"count\":%zu,\"refused\":%zu,\"window\":%zu,\"rate\":%.0f,"
           "\"accepted_per_s\":%.0f,\"delivered_per_s\":%.0f,"
           "\"accept_p50_ms\":%.2f,\"accept_p99_ms\":%.2f,"
           "\"end_to_end_p50_ms\":%.2f,\"end_to_end_p99_ms\":%.2f,"
           "\"joined\":%zu,\"perhaps\":%zu}\n",
           n, bench->refused, bench->window, bench->rate, (double)n / accept_s,
           (double)n / deliver_s, percentile(bench->accept_ns, n, 0.5),
           percentile(bench->accept_ns, n, 0.99), percentile(bench->deliver_ns, n, 0.5),
           percentile(bench->deliver_ns, n, 0.99), bench->joined, bench->perhaps);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: bench_main DOORS KEYS COUNT WINDOW RATE\n");
        return 2;
    }
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct bench bench = {.loop = &loop,
                          .count = strtoul(argv[3], NULL, 10),
                          .window = strtoul(argv[4], NULL, 10),
                          .rate = strtod(argv[5], NULL)};
    bench.sent_at = calloc(bench.count, sizeof(uint64_t));
    bench.accept_ns = calloc(bench.count, sizeof(uint64_t));
    bench.deliver_ns = calloc(bench.count, sizeof(uint64_t));
    bench.left = malloc(bench.count);
    bench.matters = bench_matters_new(2, bench.count);
    memset(bench.left, DEPARTMENTS, bench.count);
    int code = wh_bus_new(&loop, &bench.bus);
    struct wh_caller_options options = {
        .give_up_ms = 60000, .resend_ms = 5000, .window = (int)bench.window};
    char why[256];
    load_key(argv[2], "990101003", &options.key);
    if (code != 0 ||
        (code = wh_doors_find(argv[1], "door", "intake", &options.door, why, sizeof why)) != 0 ||
        (code = wh_caller_new(bench.bus, &options, &bench.caller)) != 0) {
        die("intake's door", code);
    }
    open_departments(&bench, argv[1], argv[2]);
    wait_caught_up(&bench);
    uv_timer_init(&loop, &bench.pacer);
    bench.pacer.data = &bench;
    if (bench.rate > 0) {
        uv_timer_start(&bench.pacer, on_pace, 1, 1);
    }
    bench.begin = now_ns();
    pump(&bench);
    uv_run(&loop, UV_RUN_DEFAULT);
    print_result(&bench);
    return bench.refused > 0 ? 1 : 0;
}
