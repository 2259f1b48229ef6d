// SPDX-License-Identifier: Apache-2.0
// A department whose only memory is one append-only file. Each batch is one write: a line for every
// event, then "R after upto hash"; fdatasync; only then is it acknowledged. Killed and started
// again it cuts what stands behind the last complete R line and follows after that cursor. It signs
// the tasks chosen by (P1, or number % SIGN = 0) under a request id made of the event, and writes
// "whistle seq" of each answer to FILE.signed; unanswered ones are sent again after a start.
//   T seq whistle at sign tasks     a whistle with a task of ours; tasks: all of its departments
//   S seq whistle                   signed by us          O seq whistle kind     anything else
//   chaos_subscribe DOORS KEY SIGN FILE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "client/call.h"
#include "client/follow.h"
#include "whistle/v1/dispatch.pb-c.h"

#define PREFIX "AL"

// A task that is to be signed.
struct duty {
    int64_t whistle, at;
    bool answered;
};

struct subscribe {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_follower *follower;
    struct wh_caller *caller;
    struct wh_key key;
    struct wh_cursor cursor;
    struct duty **duties;
    size_t n_duties, cap_duties, sent;
    int64_t sign;
    char *batch;
    size_t batch_n, batch_cap;
    int fd, signed_fd;
};

struct signing {
    struct subscribe *subscribe;
    struct duty *duty;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_subscribe: %s: %s\n", what, why);
    exit(2);
}

static void *must(void *memory)
{
    if (memory == NULL)
        die("memory", strerror(errno));
    return memory;
}

// ---- signing ------------------------------------------------------------------------------------

static void on_signed(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct signing *signing = arg;
    struct subscribe *subscribe = signing->subscribe;
    char line[64];
    if (status != 0 || answer->error != NULL || answer->done == NULL) {
        const char *rule = status == 0 && answer->error != NULL ? answer->error->rule : "no answer";
        fprintf(stderr, "chaos_subscribe: sign %" PRId64 " refused: %s\n", signing->duty->whistle,
                rule);
        exit(3);
    }
    int n = snprintf(line, sizeof line, "%" PRId64 " %" PRId64 "\n", signing->duty->whistle,
                     answer->done->seq);
    if (write(subscribe->signed_fd, line, (size_t)n) != n)
        die("write", strerror(errno));
    signing->duty->answered = true;
    free(signing);
}

static struct wh_uuid sign_id(const struct duty *duty)
{
    uint8_t random[10] = {0x51, 0x67};
    for (size_t i = 0; i < 8; i++)
        random[9 - i] = (uint8_t)((uint64_t)duty->whistle >> (8 * i));
    return wh_uuid7_make(duty->at, random);
}

static void sign_one(struct subscribe *subscribe, struct duty *duty)
{
    char number[WH_NUMBER_MAX], id[WH_TASK_ID_MAX];
    uint8_t body[256];
    if (wh_number_format(PREFIX, duty->whistle, number) != 0 ||
        wh_task_id_format(number, subscribe->key.identity, id) != 0)
        die("task id", number);
    char *tasks[] = {id};
    Whistle__V1__SignTasks sign = WHISTLE__V1__SIGN_TASKS__INIT;
    sign.tasks = tasks;
    sign.n_tasks = 1;
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIGN;
    command.sign = &sign;
    struct signing *signing = must(malloc(sizeof *signing));
    *signing = (struct signing){subscribe, duty};
    struct wh_call call = {.request_id = sign_id(duty),
                           .officer = "",
                           .acting_for = "",
                           .body = body,
                           .body_n = whistle__v1__dispatch_command__pack(&command, body),
                           .on_answer = on_signed,
                           .arg = signing};
    int code = wh_caller_call(subscribe->caller, &call);
    if (code != 0)
        die("sign", wh_strerror(code));
}

static void sign_new(struct subscribe *subscribe)
{
    for (; subscribe->sent < subscribe->n_duties; subscribe->sent++)
        if (!subscribe->duties[subscribe->sent]->answered)
            sign_one(subscribe, subscribe->duties[subscribe->sent]);
}

static void add_duty(struct subscribe *subscribe, int64_t whistle, int64_t at)
{
    if (subscribe->n_duties == subscribe->cap_duties) {
        subscribe->cap_duties = subscribe->cap_duties * 2 + 256;
        subscribe->duties =
            must(realloc(subscribe->duties, subscribe->cap_duties * sizeof(struct duty *)));
    }
    struct duty *duty = must(malloc(sizeof *duty));
    *duty = (struct duty){.whistle = whistle, .at = at};
    subscribe->duties[subscribe->n_duties++] = duty;
}

// ---- batches ------------------------------------------------------------------------------------

static void add_line(struct subscribe *subscribe, const char *line)
{
    size_t n = strlen(line);
    if (subscribe->batch_n + n > subscribe->batch_cap) {
        subscribe->batch_cap = (subscribe->batch_n + n) * 2;
        subscribe->batch = must(realloc(subscribe->batch, subscribe->batch_cap));
    }
    memcpy(subscribe->batch + subscribe->batch_n, line, n);
    subscribe->batch_n += n;
}

static void take_dispatched(struct subscribe *subscribe, const Whistle__V1__Event *event,
                            const Whistle__V1__WhistleDispatched *dispatched)
{
    char line[128];
    bool sign = dispatched->whistle->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1 ||
                event->object % subscribe->sign == 0;
    snprintf(line, sizeof line, "T %" PRId64 " %" PRId64 " %" PRId64 " %d %zu\n", event->seq,
             event->object, event->at, sign, dispatched->n_tasks);
    add_line(subscribe, line);
    if (sign)
        add_duty(subscribe, event->object, event->at);
}

static void take_event(struct subscribe *subscribe, const ProtobufCBinaryData *body)
{
    char line[128];
    Whistle__V1__Event *event = whistle__v1__event__unpack(NULL, body->len, body->data);
    Whistle__V1__DispatchEvent *what =
        event == NULL
            ? NULL
            : whistle__v1__dispatch_event__unpack(NULL, event->payload.len, event->payload.data);
    if (what == NULL)
        die("event", "unreadable");
    if (what->what_case == WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED) {
        take_dispatched(subscribe, event, what->dispatched);
    } else {
        bool is_sign = what->what_case == WHISTLE__V1__DISPATCH_EVENT__WHAT_SIGNED;
        int n = snprintf(line, sizeof line, "%c %" PRId64 " %" PRId64, is_sign ? 'S' : 'O',
                         event->seq, event->object);
        snprintf(line + n, sizeof line - (size_t)n, is_sign ? "\n" : " %d\n", (int)what->what_case);
        add_line(subscribe, line);
    }
    whistle__v1__dispatch_event__free_unpacked(what, NULL);
    whistle__v1__event__free_unpacked(event, NULL);
}

static void on_events(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events)
{
    struct subscribe *subscribe = arg;
    char hex[2 * WH_HASH_SIZE + 1] = "-", line[256];
    subscribe->batch_n = 0;
    for (size_t i = 0; i < events->n_events; i++)
        take_event(subscribe, &events->events[i]->body);
    if (events->upto == subscribe->cursor.seq && events->n_events == 0) {
        wh_follower_done(follower, events->upto);
        return;
    }
    if (events->hash.len == WH_HASH_SIZE)
        sodium_bin2hex(hex, sizeof hex, events->hash.data, WH_HASH_SIZE);
    snprintf(line, sizeof line, "R %" PRId64 " %" PRId64 " %s\n", events->after, events->upto, hex);
    add_line(subscribe, line);
    if (write(subscribe->fd, subscribe->batch, subscribe->batch_n) != (ssize_t)subscribe->batch_n ||
        fdatasync(subscribe->fd) != 0)
        die("write", strerror(errno));
    subscribe->cursor.seq = events->upto;
    wh_follower_done(follower, events->upto);
    sign_new(subscribe);
}

static void on_rewound(void *arg, struct wh_follower *follower, const Whistle__V1__Rewound *rewound)
{
    (void)arg, (void)follower;
    die("rewound", rewound->why);
}

static void on_refused(void *arg, struct wh_follower *follower, const Whistle__V1__Error *error)
{
    (void)arg, (void)follower;
    die("follow refused", error->rule);
}

// ---- memory -------------------------------------------------------------------------------------

static void take_range(struct subscribe *subscribe, const char *line)
{
    char hex[2 * WH_HASH_SIZE + 2] = "";
    int64_t after;
    if (sscanf(line, "R %" SCNd64 " %" SCNd64 " %65s", &after, &subscribe->cursor.seq, hex) != 3)
        die("file", line);
    subscribe->cursor.has_hash = sodium_hex2bin(subscribe->cursor.hash, WH_HASH_SIZE, hex,
                                                strlen(hex), NULL, NULL, NULL) == 0 &&
                                 hex[0] != '-';
}

// Reads up to the last complete R line; what stands behind it is cut off.
static void load(struct subscribe *subscribe, const char *path)
{
    char line[256];
    long whole = 0;
    size_t duties = 0;
    subscribe->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    FILE *file = subscribe->fd < 0 ? NULL : fopen(path, "r");
    if (file == NULL)
        die(path, strerror(errno));
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        int64_t seq, whistle, at;
        int sign;
        if (sscanf(line, "T %" SCNd64 " %" SCNd64 " %" SCNd64 " %d", &seq, &whistle, &at, &sign) ==
                4 &&
            sign)
            add_duty(subscribe, whistle, at);
        if (line[0] == 'R') {
            take_range(subscribe, line);
            duties = subscribe->n_duties;
            whole = ftell(file);
        }
    }
    fclose(file);
    subscribe->n_duties = duties;
    if (ftruncate(subscribe->fd, whole) < 0)
        die(path, strerror(errno));
}

static int by_whistle(const void *a, const void *b)
{
    int64_t x = (*(struct duty *const *)a)->whistle, y = (*(struct duty *const *)b)->whistle;
    return (x > y) - (x < y);
}

static void mark_answered(struct subscribe *subscribe, int64_t whistle)
{
    struct duty wanted = {.whistle = whistle}, *key = &wanted;
    struct duty **found =
        bsearch(&key, subscribe->duties, subscribe->n_duties, sizeof(struct duty *), by_whistle);
    if (found != NULL)
        (*found)->answered = true;
}

// Which signatures were answered in an earlier life.
static void load_signed(struct subscribe *subscribe, const char *path)
{
    char name[4096], line[64];
    long whole = 0;
    snprintf(name, sizeof name, "%s.signed", path);
    subscribe->signed_fd = open(name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    FILE *file = subscribe->signed_fd < 0 ? NULL : fopen(name, "r");
    if (file == NULL)
        die(name, strerror(errno));
    if (subscribe->n_duties > 0)
        qsort(subscribe->duties, subscribe->n_duties, sizeof(struct duty *), by_whistle);
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        mark_answered(subscribe, strtoll(line, NULL, 10));
        whole = ftell(file);
    }
    fclose(file);
    if (ftruncate(subscribe->signed_fd, whole) < 0)
        die(name, strerror(errno));
}

static void connect_to(struct subscribe *subscribe, const char *doors, const char *key)
{
    char why[256];
    struct wh_caller_options caller = {
        .key = subscribe->key, .give_up_ms = -1, .key_file = key, .doors_file = doors};
    struct wh_follow_options follow = {.key = subscribe->key,
                                       .feed = "dispatch",
                                       .name = "chaos",
                                       .key_file = key,
                                       .doors_file = doors,
                                       .cursor = subscribe->cursor,
                                       .on_events = on_events,
                                       .on_rewound = on_rewound,
                                       .on_refused = on_refused,
                                       .arg = subscribe};
    if (wh_doors_find(doors, "door", "dispatch", &caller.door, why, sizeof why) != 0 ||
        wh_doors_find(doors, "feed", "dispatch", &follow.door, why, sizeof why) != 0)
        die("doors", why);
    int code = wh_bus_new(&subscribe->loop, &subscribe->bus);
    if (code != 0 || (code = wh_caller_new(subscribe->bus, &caller, &subscribe->caller)) != 0 ||
        (code = wh_follower_new(subscribe->bus, &follow, &subscribe->follower)) != 0)
        die("dispatch", wh_strerror(code));
}

int main(int argc, char **argv)
{
    static struct subscribe subscribe;
    char why[256];
    if (argc != 5) {
        fprintf(stderr, "usage: chaos_subscribe DOORS KEY SIGN FILE\n");
        return 2;
    }
    subscribe.sign = strtoll(argv[3], NULL, 10);
    if (sodium_init() < 0 || subscribe.sign < 1 ||
        wh_key_read(argv[2], &subscribe.key, why, sizeof why) != 0)
        die("key", why);
    load(&subscribe, argv[4]);
    load_signed(&subscribe, argv[4]);
    uv_loop_init(&subscribe.loop);
    connect_to(&subscribe, argv[1], argv[2]);
    sign_new(&subscribe);
    uv_run(&subscribe.loop, UV_RUN_DEFAULT);
    return 2;
}
