// SPDX-License-Identifier: Apache-2.0
// What a service's edge costs without a database: commands through the door and back, and committed
// rows from the tail to one service and four departments. Both ends share one thread here, so the
// processor time printed for an item holds its client's share too. bench_edge [SECONDS]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/door.h"
#include "runtime/feed.h"
#include "runtime/log.h"
#include "support/ring.h"
#include "whistle/v1/intake.pb-c.h"

#define OUTSTANDING 256
#define TURN 128
#define BODY 900

struct bench {
    struct net net;
    struct wh_identity *identity;
    struct wh_door where;
    struct wh_door_socket *door;
    struct wh_tail *tail;
    struct wh_feed *feed;
    struct wh_socket *sockets[5];
    uint8_t command[2048];
    size_t command_n;
    struct wh_uuid7_gen ids;
    uint64_t answers, rows[5];
    int64_t head;
    uint8_t hash[WH_HASH_SIZE];
    bool stop;
};

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int on_any(void *state, struct wh_turn *turn, const struct wh_item *item)
{
    (void)state;
    (void)turn;
    (void)item;
    return 0;
}

static int32_t subject(void *state, const char *code)
{
    (void)state;
    return 16 + code[1] - '0';
}

static const struct wh_route routes[] = {
    {.what = 1, .name = "raise", .roles = WH_ROLE_STREET, .on = on_any}};
static const struct wh_feed_name feeds[] = {{"intake", 0, WH_ROLE_SERVICE}};
static const struct wh_service service = {.name = "intake",
                                          .command = &whistle__v1__intake_command__descriptor,
                                          .routes = routes,
                                          .n_routes = 1,
                                          .feeds = feeds,
                                          .n_feeds = 1,
                                          .subject = subject};
static const struct ring_key ring[] = {
    {0, "990101001", WH_ROLE_STREET}, {1, "dispatch", WH_ROLE_SERVICE},
    {2, "D0", WH_ROLE_DEPARTMENT},    {3, "D1", WH_ROLE_DEPARTMENT},
    {4, "D2", WH_ROLE_DEPARTMENT},    {5, "D3", WH_ROLE_DEPARTMENT},
};

static struct wh_socket *dealer(struct bench *bench, int key, wh_packet_fn on_packet)
{
    struct wh_socket_options options = {
        .endpoint = bench->where.endpoints[0],
        .server_key = bench->net.server.public_key,
        .public_key = bench->net.keys[key].public_key,
        .secret_key = bench->net.keys[key].secret_key,
        .on_packet = on_packet,
        .arg = bench,
    };
    struct wh_socket *socket = NULL;
    if (wh_socket_open(bench->net.bus, &options, &socket) != 0)
        abort();
    return socket;
}

static void on_stop(uv_timer_t *timer)
{
    ((struct bench *)timer->data)->stop = true;
}

static void report(const char *what, uint64_t n, double wall, double cpu)
{
    printf("%-28s %10.0f /s  %8.2f us of one core each, both ends\n", what, (double)n / wall,
           cpu / (double)n * 1e6);
}

// ---- the door --------------------------------------------------------------------------------

static void send_command(struct bench *bench)
{
    static const uint8_t rnd[10] = {7};
    int64_t now = (int64_t)(seconds(CLOCK_REALTIME) * 1000);
    struct wh_uuid id = wh_uuid7_next(&bench->ids, now, rnd);
    size_t at = bench->command[1] < 0x80 ? 4 : 5; // after the frame's tag, length, the id's tag
    memcpy(bench->command + at, id.b, sizeof id.b);
    if (wh_socket_send(bench->sockets[0], NULL, bench->command, bench->command_n) != 0)
        abort();
}

static void on_answer(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    (void)socket;
    (void)packet;
    struct bench *bench = arg;
    bench->answers++;
    if (!bench->stop)
        send_command(bench);
}

static void take(void *arg, struct wh_door_item *item)
{
    Whistle__V1__Answer answer = WHISTLE__V1__ANSWER__INIT;
    Whistle__V1__Done done = WHISTLE__V1__DONE__INIT;
    done.feed = (char *)"intake";
    done.ref = (char *)"AL-20261123-0007";
    answer.done = &done;
    wh_door_answer(((struct bench *)arg)->door, item, &answer);
}

static void make_command(struct bench *bench)
{
    static char text[500];
    uint8_t body[1024], id[16] = {0};
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Command command = WHISTLE__V1__COMMAND__INIT;
    Whistle__V1__IntakeCommand intake = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    memset(text, 'a', sizeof text - 1);
    raise.unit = (char *)"990101001";
    raise.title = (char *)"gas leak";
    raise.text = text;
    intake.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    intake.raise = &raise;
    command.request_id = (ProtobufCBinaryData){sizeof id, id};
    command.body = (ProtobufCBinaryData){whistle__v1__intake_command__pack(&intake, body), body};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_COMMAND;
    frame.command = &command;
    bench->command_n = whistle__v1__frame__pack(&frame, bench->command);
}

static void bench_door(struct bench *bench, double time)
{
    struct wh_door_options options = {.bus = bench->net.bus,
                                      .endpoint = bench->where.endpoints[0],
                                      .key = &bench->net.server,
                                      .service = &service,
                                      .identity = bench->identity,
                                      .take = take,
                                      .arg = bench};
    if (wh_door_open(&options, &bench->door) != 0)
        abort();
    make_command(bench);
    bench->sockets[0] = dealer(bench, 0, on_answer);
    net_run(&bench->net, 300);
    for (int i = 0; i < OUTSTANDING; i++)
        send_command(bench);
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    net_run(&bench->net, (int)(time * 1000));
    report("commands, 600 bytes", bench->answers, seconds(CLOCK_MONOTONIC) - wall,
           seconds(CLOCK_THREAD_CPUTIME_ID) - cpu);
    bench->stop = true;
    net_run(&bench->net, 100);
    struct wh_door_counts counts = wh_door_counts(bench->door);
    if (counts.taken != bench->answers || counts.lost != 0)
        abort(); // every command passed and was answered
    wh_socket_close(bench->sockets[0]);
    wh_door_close(bench->door);
}

// ---- the feed --------------------------------------------------------------------------------

static void send_frame(struct wh_socket *socket, const Whistle__V1__Frame *frame)
{
    uint8_t bytes[512];
    size_t n = whistle__v1__frame__pack(frame, bytes);
    if (wh_socket_send(socket, NULL, bytes, n) != 0)
        abort();
}

static void on_events(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct bench *bench = arg;
    Whistle__V1__Frame *frame = whistle__v1__frame__unpack(NULL, packet->n, packet->data);
    if (frame == NULL || frame->what_case != WHISTLE__V1__FRAME__WHAT_EVENTS)
        abort();
    Whistle__V1__Frame back = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Credit credit = WHISTLE__V1__CREDIT__INIT;
    credit.feed = (char *)"intake";
    credit.seen = frame->events->upto;
    credit.credit_events = (int32_t)frame->events->n_events;
    credit.credit_bytes = (int64_t)frame->events->n_events * BODY;
    back.what_case = WHISTLE__V1__FRAME__WHAT_CREDIT;
    back.credit = &credit;
    for (int i = 0; i < 5; i++)
        if (bench->sockets[i] == socket)
            bench->rows[i] += frame->events->n_events;
    whistle__v1__frame__free_unpacked(frame, NULL);
    send_frame(socket, &back);
}

static void commit(struct bench *bench)
{
    static const int32_t subjects[] = {16, 17, 18, 19};
    static uint8_t body[BODY];
    for (int i = 0; i < TURN; i++) {
        struct wh_journal_row row = {.seq = ++bench->head,
                                     .subjects = subjects,
                                     .n_subjects = 4,
                                     .body = body,
                                     .body_n = BODY};
        wh_journal_hash(bench->hash, body, BODY, row.hash);
        memcpy(bench->hash, row.hash, WH_HASH_SIZE);
        wh_tail_append(bench->tail, &row);
    }
    wh_feed_moved(bench->feed);
}

static uint64_t slowest(const struct bench *bench)
{
    uint64_t least = bench->rows[0];
    for (int i = 1; i < 5; i++)
        if (bench->rows[i] < least)
            least = bench->rows[i];
    return least;
}

static void bench_feed(struct bench *bench, struct wh_db *viewer, double time)
{
    struct wh_feed_options options = {.bus = bench->net.bus,
                                      .endpoint = bench->where.endpoints[0],
                                      .key = &bench->net.server,
                                      .service = &service,
                                      .identity = bench->identity,
                                      .tail = bench->tail,
                                      .viewer = viewer,
                                      .epoch = 1};
    if (wh_feed_open(&options, &bench->feed) != 0)
        abort();
    for (int i = 0; i < 5; i++)
        bench->sockets[i] = dealer(bench, i + 1, on_events);
    net_run(&bench->net, 300);
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Follow follow = WHISTLE__V1__FOLLOW__INIT;
    follow.feed = (char *)"intake";
    follow.credit_events = 4096;
    follow.credit_bytes = 8 << 20;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_FOLLOW;
    frame.follow = &follow;
    for (int i = 0; i < 5; i++)
        send_frame(bench->sockets[i], &frame);
    net_run(&bench->net, 100);
    uv_timer_t timer;
    bench->stop = false;
    uv_timer_init(&bench->net.loop, &timer);
    timer.data = bench;
    uv_timer_start(&timer, on_stop, (uint64_t)(time * 1000), 0);
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    while (!bench->stop) {
        if ((uint64_t)bench->head < slowest(bench) + 2048)
            commit(bench);
        uv_run(&bench->net.loop, UV_RUN_ONCE);
    }
    report("rows of 900 bytes, each to 5", slowest(bench), seconds(CLOCK_MONOTONIC) - wall,
           seconds(CLOCK_THREAD_CPUTIME_ID) - cpu);
    uv_close((uv_handle_t *)&timer, NULL);
    for (int i = 0; i < 5; i++)
        wh_socket_close(bench->sockets[i]);
    wh_feed_close(bench->feed);
    net_run(&bench->net, 50); // the timer's memory ends here
}

int main(int argc, char **argv)
{
    double time = argc > 1 ? atof(argv[1]) : 3;
    struct bench *bench = calloc(1, sizeof *bench);
    struct wh_db *viewer = NULL;
    struct wh_db_options nowhere = {
        .conninfo = "host=/nonexistent", .schema = "", .application = "bench"};
    wh_log_init("bench", WH_LOG_ERROR);
    net_init(&bench->net);
    bench->identity = ring_identity(&bench->net, ring, 6);
    bench->where = net_door(&bench->net, "edge", 1);
    bench->tail = wh_tail_new(16 << 20, 65536);
    bench_door(bench, time);
    bench->where = net_door(&bench->net, "feed", 1);
    if (wh_db_open(&bench->net.loop, &nowhere, &viewer) != 0)
        return 1;
    bench_feed(bench, viewer, time);
    wh_db_close(viewer);
    wh_identity_free(bench->identity);
    net_done(&bench->net);
    wh_tail_free(bench->tail);
    free(bench);
    return 0;
}
