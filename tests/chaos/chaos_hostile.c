// SPDX-License-Identifier: Apache-2.0
// A peer with a good key and no good intentions: sends COUNT frames to one door or feed, made from
// SEED. Half are well-formed commands about other people's matters (WORDS: one word a line, names
// of whistles, tasks, units and bodies), the rest are bent: bytes flipped, cut, repeated, noise,
// several parts, too deep, too long. Reads everything that comes back, and looks in it for MARKER,
// which only foreign matters contain. Prints one JSON line; ends with 1 where MARKER was found.
//   chaos_hostile DOORS KIND NAME KEY COUNT SEED WORDS MARKER
#define _GNU_SOURCE // memmem
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "base/id.h"
#include "client/frame.h"
#include "client/keys.h"
#include "support/random_message.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define WINDOW 400
#define A_CONNECTION 1000 // frames, then a new one
#define A_NAMED 50        // the same for one that nobody hears
#define WORDS_MAX 256
#define FRAME_MAX (256u << 10)

struct hostile {
    void *context, *socket;
    struct wh_key key;
    struct wh_door door;
    bool feed;
    const ProtobufCMessageDescriptor *command;
    const char *marker;
    uint64_t random;
    struct wh_arena arena;
    size_t sent, asked, answered, done, bodies, errors[600], events, foreign, unsent, connections;
    size_t unanswered; // well-formed commands whose connection ended before an answer
    size_t on_connection;
    bool named; // this connection brought a name of its own: nobody hears it
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_hostile: %s: %s\n", what, why);
    exit(2);
}

static uint64_t below(struct hostile *hostile, uint64_t n)
{
    return random_next(&hostile->random) % n;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// ---- the connection --------------------------------------------------------------------------

static void connect_again(struct hostile *hostile)
{
    int hwm = 10000, linger = 0, one = 1;
    if (hostile->socket != NULL)
        zmq_close(hostile->socket);
    void *socket = hostile->socket = zmq_socket(hostile->context, ZMQ_DEALER);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_IMMEDIATE, &one, sizeof one);
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hostile->door.server_keys[0], WH_KEY_Z85 - 1);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, hostile->key.public_key, WH_KEY_Z85 - 1);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, hostile->key.secret_key, WH_KEY_Z85 - 1);
    hostile->unanswered += hostile->named ? 0 : hostile->asked - hostile->answered;
    hostile->named = below(hostile, 4) == 0;
    if (hostile->named) // perhaps somebody else's
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, "\1victim", 7);
    if (zmq_connect(socket, hostile->door.endpoints[0]) < 0)
        die(hostile->door.endpoints[0], strerror(errno));
    hostile->asked = hostile->answered = 0;
    hostile->connections++;
    hostile->on_connection = 0;
}

static void hear(struct hostile *hostile, const uint8_t *data, size_t n)
{
    struct wh_wire_fault fault;
    hostile->foreign += memmem(data, n, hostile->marker, strlen(hostile->marker)) != NULL;
    wh_arena_reset(&hostile->arena);
    const Whistle__V1__Frame *frame = (const Whistle__V1__Frame *)wh_unpack(
        &whistle__v1__frame__descriptor, &hostile->arena, data, n, &fault);
    if (frame == NULL)
        die("a frame of theirs is malformed", fault.field);
    if (frame->what_case == WHISTLE__V1__FRAME__WHAT_EVENTS)
        hostile->events += frame->events->n_events;
    if (frame->what_case != WHISTLE__V1__FRAME__WHAT_ANSWER)
        return;
    const Whistle__V1__Answer *answer = frame->answer;
    hostile->answered += hostile->answered < hostile->asked;
    hostile->done += answer->done != NULL;
    hostile->bodies += answer->body.len != 0;
    if (answer->error != NULL && answer->error->status > 0 && answer->error->status < 600)
        hostile->errors[answer->error->status]++;
}

// Everything that is there, waiting at most `ms` for the first of it.
static bool listen_for(struct hostile *hostile, long ms)
{
    zmq_pollitem_t item = {.socket = hostile->socket, .events = ZMQ_POLLIN};
    bool any = false;
    while (zmq_poll(&item, 1, any ? 0 : ms) > 0) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, hostile->socket, ZMQ_DONTWAIT) >= 0)
            hear(hostile, zmq_msg_data(&message), zmq_msg_size(&message));
        zmq_msg_close(&message);
        any = true;
    }
    return any;
}

// Sends, waiting up to 5 s for room (a connection refused or closed by the other side is made
// anew).
static void send_parts(struct hostile *hostile, const uint8_t *data, size_t n, unsigned parts)
{
    int64_t until = clock_ms(CLOCK_MONOTONIC) + 5000;
    while (parts > 1 && zmq_send(hostile->socket, data, n / 2, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0)
        parts--;
    while (zmq_send(hostile->socket, data, n, ZMQ_DONTWAIT) < 0) {
        if (clock_ms(CLOCK_MONOTONIC) > until) {
            hostile->unsent++;
            connect_again(hostile);
            return;
        }
        listen_for(hostile, 5);
    }
    hostile->sent++;
    hostile->on_connection++;
}

// ---- frames ----------------------------------------------------------------------------------

static const char *word(struct hostile *hostile, const char *const *words, size_t n)
{
    return n != 0 && below(hostile, 6) == 0 ? words[below(hostile, n)] : "";
}

static size_t pack(struct hostile *hostile, const Whistle__V1__Frame *frame, uint8_t *ret)
{
    size_t n = whistle__v1__frame__get_packed_size(frame);
    if (n > FRAME_MAX)
        return 0;
    (void)hostile;
    return whistle__v1__frame__pack(frame, ret);
}

// A command that its service can read, under an id of its own.
static size_t command(struct hostile *hostile, const char *const *words, size_t n_words,
                      uint8_t *ret)
{
    uint8_t random[10];
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)random_next(&hostile->random);
    struct wh_uuid id = wh_uuid7_make(clock_ms(CLOCK_REALTIME), random);
    const ProtobufCMessage *body =
        random_message(hostile->command, &hostile->arena, &hostile->random);
    Whistle__V1__Command command = WHISTLE__V1__COMMAND__INIT;
    command.request_id = (ProtobufCBinaryData){.data = id.b, .len = sizeof id.b};
    command.officer = (char *)(uintptr_t)word(hostile, words, n_words);
    command.acting_for = (char *)(uintptr_t)word(hostile, words, n_words);
    command.body.data = wh_pack(body, &hostile->arena, &command.body.len);
    if (command.body.data == NULL)
        return 0;
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_COMMAND;
    frame.command = &command;
    return pack(hostile, &frame, ret);
}

static size_t any_frame(struct hostile *hostile, uint8_t *ret)
{
    return pack(hostile,
                (const Whistle__V1__Frame *)random_message(&whistle__v1__frame__descriptor,
                                                           &hostile->arena, &hostile->random),
                ret);
}

static size_t follow(struct hostile *hostile, uint8_t *ret)
{
    static const char *const feeds[] = {"intake", "dedup",   "dispatch", "p1",
                                        "urgent", "notices", "ends"};
    Whistle__V1__Follow *follow = (Whistle__V1__Follow *)random_message(
        &whistle__v1__follow__descriptor, &hostile->arena, &hostile->random);
    if (below(hostile, 4) != 0)
        follow->feed = (char *)(uintptr_t)feeds[below(hostile, sizeof feeds / sizeof *feeds)];
    if (below(hostile, 2) != 0) { // from the beginning, as much as there is
        follow->after = 0;
        follow->hash.len = 0;
        follow->credit_events = 1000;
        follow->credit_bytes = 1 << 20;
    }
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    frame.what_case = WHISTLE__V1__FRAME__WHAT_FOLLOW;
    frame.follow = follow;
    return pack(hostile, &frame, ret);
}

static size_t noise(struct hostile *hostile, uint8_t *ret)
{
    size_t n = below(hostile, 1000) == 0 ? FRAME_MAX : below(hostile, 600);
    switch (below(hostile, 3)) {
    case 0: // one message inside the other, without end
        for (size_t i = 0; i + 1 < n; i += 2) {
            ret[i] = 0x0a;
            ret[i + 1] = 0x7f;
        }
        break;
    case 1:
        memset(ret, 0xff, n);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            ret[i] = (uint8_t)random_next(&hostile->random);
    }
    return n;
}

static size_t bend(struct hostile *hostile, uint8_t *data, size_t n)
{
    for (uint64_t times = 1 + below(hostile, 6); times > 0 && n > 0; times--) {
        size_t at = below(hostile, n), length = 1 + below(hostile, 16);
        switch (below(hostile, 4)) {
        case 0:
            data[at] ^= (uint8_t)(1u << below(hostile, 8));
            break;
        case 1:
            n = at;
            break;
        case 2: // a piece twice
            if (at + length <= n && n + length <= FRAME_MAX) {
                memmove(data + at + length, data + at, n - at);
                n += length;
            }
            break;
        default:
            data[at] = (uint8_t)random_next(&hostile->random);
        }
    }
    return n;
}

// ---- the run ---------------------------------------------------------------------------------

static void send_one(struct hostile *hostile, const char *const *words, size_t n_words)
{
    static uint8_t data[FRAME_MAX + 64];
    uint64_t kind = below(hostile, 16);
    bool asks = false;
    size_t n;
    wh_arena_reset(&hostile->arena);
    if (kind < 11) {
        n = hostile->feed ? follow(hostile, data) : command(hostile, words, n_words, data);
        asks = kind < 8 && !hostile->feed && n > 0;
        if (kind >= 8)
            n = bend(hostile, data, n);
    } else if (kind < 14) {
        n = any_frame(hostile, data);
        if (kind == 13)
            n = bend(hostile, data, n);
    } else {
        n = noise(hostile, data);
    }
    hostile->asked += asks;
    send_parts(hostile, data, n, !asks && below(hostile, 50) == 0 ? 3 : 1);
    if (!asks && hostile->feed)
        listen_for(hostile, 0);
    while (hostile->asked - hostile->answered >= WINDOW && listen_for(hostile, 3000))
        ;
    if (hostile->asked - hostile->answered >= WINDOW)
        connect_again(hostile);
}

// What is still to be answered; a connection with a name of its own hears nothing at all.
static void listen_to_the_end(struct hostile *hostile)
{
    while (hostile->asked > hostile->answered && listen_for(hostile, hostile->named ? 100 : 3000))
        ;
}

static void run(struct hostile *hostile, size_t count, const char *const *words, size_t n_words)
{
    while (hostile->sent + hostile->unsent < count) {
        if (hostile->socket == NULL ||
            hostile->on_connection >= (hostile->named ? A_NAMED : A_CONNECTION)) {
            listen_to_the_end(hostile);
            connect_again(hostile);
        }
        send_one(hostile, words, n_words);
        if (hostile->sent % 64 == 0)
            listen_for(hostile, 0);
    }
    listen_to_the_end(hostile);
    hostile->unanswered += hostile->named ? 0 : hostile->asked - hostile->answered;
}

static size_t read_words(const char *path, const char **ret_words)
{
    static char lines[WORDS_MAX][64];
    FILE *file = fopen(path, "re");
    size_t n = 0;
    if (file == NULL)
        die(path, strerror(errno));
    while (n < WORDS_MAX && fgets(lines[n], sizeof lines[n], file) != NULL) {
        lines[n][strcspn(lines[n], "\n")] = '\0';
        ret_words[n] = lines[n];
        n++;
    }
    fclose(file);
    return n;
}

static void tell(const struct hostile *hostile)
{
    printf("{\"sent\":%zu,\"unsent\":%zu,\"connections\":%zu,\"done\":%zu,\"answers\":%zu,"
           "\"unanswered\":%zu,\"events\":%zu,\"foreign\":%zu,\"errors\":{",
           hostile->sent, hostile->unsent, hostile->connections, hostile->done, hostile->bodies,
           hostile->unanswered, hostile->events, hostile->foreign);
    const char *comma = "";
    for (size_t status = 0; status < 600; status++)
        if (hostile->errors[status] != 0) {
            printf("%s\"%zu\":%zu", comma, status, hostile->errors[status]);
            comma = ",";
        }
    printf("}}\n");
}

int main(int argc, char **argv)
{
    static struct hostile hostile;
    const char *words[WORDS_MAX];
    char why[256];
    if (argc != 9)
        die("usage", "chaos_hostile DOORS KIND NAME KEY COUNT SEED WORDS MARKER");
    hostile.feed = strcmp(argv[2], "feed") == 0;
    hostile.command = strcmp(argv[3], "intake") == 0  ? &whistle__v1__intake_command__descriptor
                      : strcmp(argv[3], "dedup") == 0 ? &whistle__v1__dedup_command__descriptor
                                                      : &whistle__v1__dispatch_command__descriptor;
    hostile.random = strtoull(argv[6], NULL, 10) * 2 + 1;
    hostile.marker = argv[8];
    if (wh_key_read(argv[4], &hostile.key, why, sizeof why) != 0 ||
        wh_doors_find(argv[1], argv[2], argv[3], &hostile.door, why, sizeof why) != 0)
        die("keys", why);
    size_t n_words = read_words(argv[7], words);
    random_words(words, n_words);
    wh_arena_init(&hostile.arena, 64u << 20);
    hostile.context = zmq_ctx_new();
    run(&hostile, strtoull(argv[5], NULL, 10), words, n_words);
    tell(&hostile);
    zmq_close(hostile.socket);
    zmq_ctx_term(hostile.context);
    wh_arena_done(&hostile.arena);
    return hostile.foreign != 0;
}
