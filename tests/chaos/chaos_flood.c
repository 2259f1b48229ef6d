// SPDX-License-Identifier: Apache-2.0
// Streets that ask without waiting: RATE new commands a second in all, spread over CODES in turn,
// whatever the answers say, for SECONDS. Each is one attempt with a request id and texts of its own
// and ends in one outcome: accepted, BUSY (with or without a time to come back), refused. One that
// stays silent is sent again under its id every second, as every client does, and counts as silent
// after LIMIT_MS. Every P1_EVERYth is a P1 (0: none). Accepted ones go to FILE as "seq number"
// lines; one JSON object is printed at the end.
//   chaos_flood DOORS KEYS CODE,CODE… RATE SECONDS P1_EVERY LIMIT_MS FILE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "client/bus.h"
#include "client/frame.h"
#include "client/keys.h"
#include "support/distinct.h"
#include "whistle/v1/envelope.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define STREETS_MAX 64
#define RULES_MAX 24
#define TITLE_CHARS 9
#define TEXT_CHARS 66
#define TITLE_SEED (UINT64_C(1) << 62)
#define TEXT_SEED (UINT64_C(1) << 63)
#define FRAME_MAX 1024
#define RESEND_MS 1000
#define ANSWER_CAP ((size_t)1 << 20)

enum outcome { OPEN, ACCEPTED, BUSY, BUSY_NO_TIME, REFUSED, SILENT, OUTCOMES };

struct attempt {
    uint32_t due_us16, ended_us16; // since the start, in 16 µs
    uint16_t sent_ms64;            // last sending, in 64 ms
    uint8_t outcome, sent;
};

struct flood;

struct street {
    struct flood *flood;
    struct wh_key key;
    struct wh_socket *socket;
    uint8_t frame[2][FRAME_MAX]; // ordinary and P1; id, title and text are patched in
    size_t n[2], id_at[2], title_at[2], text_at[2];
    uint64_t accepted;
    bool blocked;
};

struct rule {
    char name[48];
    uint64_t n;
};

struct flood {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_arena arena;
    uv_timer_t pacer;
    struct street streets[STREETS_MAX];
    size_t n_streets;
    struct attempt *attempts;
    size_t total, made, oldest, open, p1_every;
    double rate;
    uint64_t begin, limit_ms, repeats;
    int64_t start_ms;
    struct rule rules[RULES_MAX];
    FILE *file;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_flood: %s: %s\n", what, why);
    exit(2);
}

static uint64_t passed_us(const struct flood *flood)
{
    return (uv_hrtime() - flood->begin) / 1000;
}

static bool is_p1(const struct flood *flood, size_t index)
{
    return flood->p1_every > 0 && index % flood->p1_every == 0;
}

// ---- frames -----------------------------------------------------------------------------------

static size_t pack_body(const struct street *street, bool p1, uint8_t *ret_body)
{
    char title[TITLE_CHARS * 3 + 1] = "", text[TEXT_CHARS * 3 + 1] = "";
    distinct_text(TITLE_SEED, TITLE_CHARS, title);
    distinct_text(TEXT_SEED, TEXT_CHARS, text);
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    raise.unit = (char *)(uintptr_t)street->key.identity;
    raise.category = (char *)(uintptr_t)(p1 ? "ROAD_COLLAPSE" : "EBIKE_CHARGE");
    raise.title = title;
    raise.text = text;
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    command.raise = &raise;
    return whistle__v1__intake_command__pack(&command, ret_body);
}

// Where the text of this seed begins.
static size_t find(const uint8_t *frame, uint64_t seed, size_t chars)
{
    char text[TEXT_CHARS * 3];
    size_t at = 0;
    distinct_text(seed, chars, text);
    while (memcmp(frame + at, text, chars * 3) != 0)
        at++;
    return at;
}

static void make_frame(struct street *street, bool p1)
{
    uint8_t id[16], body[FRAME_MAX];
    randombytes_buf(id, sizeof id);
    Whistle__V1__Frame frame = WHISTLE__V1__FRAME__INIT;
    Whistle__V1__Command command = WHISTLE__V1__COMMAND__INIT;
    command.request_id = (ProtobufCBinaryData){sizeof id, id};
    command.body = (ProtobufCBinaryData){pack_body(street, p1, body), body};
    frame.what_case = WHISTLE__V1__FRAME__WHAT_COMMAND;
    frame.command = &command;
    street->n[p1] = whistle__v1__frame__pack(&frame, street->frame[p1]);
    while (memcmp(street->frame[p1] + street->id_at[p1], id, sizeof id) != 0)
        street->id_at[p1]++;
    street->title_at[p1] = find(street->frame[p1], TITLE_SEED, TITLE_CHARS);
    street->text_at[p1] = find(street->frame[p1], TEXT_SEED, TEXT_CHARS);
}

static void send_attempt(struct flood *flood, size_t index)
{
    struct street *street = &flood->streets[index % flood->n_streets];
    struct attempt *attempt = &flood->attempts[index];
    bool p1 = is_p1(flood, index);
    uint8_t random[10] = {0xf1};
    for (size_t i = 0; i < 6; i++)
        random[9 - i] = (uint8_t)(index >> (8 * i));
    struct wh_uuid id = wh_uuid7_make(flood->start_ms, random);
    memcpy(street->frame[p1] + street->id_at[p1], id.b, sizeof id.b);
    distinct_text(TITLE_SEED | index, TITLE_CHARS,
                  (char *)street->frame[p1] + street->title_at[p1]);
    distinct_text(TEXT_SEED | index, TEXT_CHARS, (char *)street->frame[p1] + street->text_at[p1]);
    if (street->blocked ||
        wh_socket_send(street->socket, NULL, street->frame[p1], street->n[p1]) != 0) {
        street->blocked = true; // goes again with the silent ones
        return;
    }
    flood->repeats += attempt->sent;
    attempt->sent = 1;
    attempt->sent_ms64 = (uint16_t)(passed_us(flood) / 64000);
}

// ---- outcomes ---------------------------------------------------------------------------------

static void count_rule(struct flood *flood, const char *name)
{
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct rule *rule = &flood->rules[i];
        if (rule->name[0] == 0)
            (void)snprintf(rule->name, sizeof rule->name, "%s", name);
        if (strcmp(rule->name, name) == 0) {
            rule->n++;
            return;
        }
    }
}

static void end_attempt(struct flood *flood, struct attempt *attempt, enum outcome outcome)
{
    flood->open -= attempt->outcome == OPEN;
    attempt->outcome = (uint8_t)outcome;
    attempt->ended_us16 = (uint32_t)(passed_us(flood) / 16);
}

static void take_answer(struct street *street, const Whistle__V1__Answer *answer)
{
    struct flood *flood = street->flood;
    size_t index = 0;
    for (size_t i = 0; answer->request_id.len == 16 && i < 6; i++)
        index |= (size_t)answer->request_id.data[15 - i] << (8 * i);
    struct attempt *attempt = &flood->attempts[index < flood->made ? index : 0];
    // A repeat may be told BUSY while the first one is being worked on: what was done counts.
    if (index >= flood->made || attempt->outcome == ACCEPTED ||
        (attempt->outcome != OPEN && answer->done == NULL))
        return;
    const Whistle__V1__Error *error = answer->error;
    if (answer->done != NULL) {
        street->accepted++;
        fprintf(flood->file, "%" PRId64 " %s\n", answer->done->seq, answer->done->ref);
        end_attempt(flood, attempt, ACCEPTED);
        return;
    }
    bool busy = error != NULL && (error->status == 429 || error->status == 503);
    count_rule(flood, error != NULL ? error->rule : "nothing");
    end_attempt(flood, attempt, !busy ? REFUSED : error->retry_after_ms > 0 ? BUSY : BUSY_NO_TIME);
}

static void on_packet(void *arg, struct wh_socket *socket, const struct wh_packet *packet)
{
    struct street *street = arg;
    (void)socket;
    wh_arena_reset(&street->flood->arena);
    const Whistle__V1__Frame *frame = (const Whistle__V1__Frame *)wh_unpack(
        &whistle__v1__frame__descriptor, &street->flood->arena, packet->data, packet->n, NULL);
    if (frame != NULL && frame->what_case == WHISTLE__V1__FRAME__WHAT_ANSWER)
        take_answer(street, frame->answer);
}

static void on_writable(void *arg, struct wh_socket *socket)
{
    struct street *street = arg;
    (void)socket;
    street->blocked = false;
}

// ---- pace -------------------------------------------------------------------------------------

static void look_at_silent(struct flood *flood, uint64_t now_us)
{
    while (flood->oldest < flood->made && flood->attempts[flood->oldest].outcome != OPEN)
        flood->oldest++;
    for (size_t i = flood->oldest; i < flood->made; i++) {
        struct attempt *attempt = &flood->attempts[i];
        uint64_t age_ms = (now_us - (uint64_t)attempt->due_us16 * 16) / 1000;
        if (attempt->sent && age_ms < RESEND_MS)
            return; // younger ones were sent later
        if (attempt->outcome != OPEN)
            continue;
        if (age_ms >= flood->limit_ms)
            end_attempt(flood, attempt, SILENT);
        else if (!attempt->sent ||
                 now_us / 1000 - (uint64_t)attempt->sent_ms64 * 64 >= RESEND_MS + 64)
            send_attempt(flood, i);
    }
}

static void on_pace(uv_timer_t *timer)
{
    struct flood *flood = timer->data;
    uint64_t now = passed_us(flood);
    size_t due = (size_t)((double)now * flood->rate / 1e6) + 1;
    while (flood->made < due && flood->made < flood->total) {
        size_t index = flood->made++;
        double due_us = (double)index / flood->rate * 1e6;
        flood->attempts[index] = (struct attempt){.due_us16 = (uint32_t)(due_us / 16)};
        flood->open++;
        send_attempt(flood, index);
    }
    look_at_silent(flood, now);
    if (flood->made == flood->total && flood->open == 0)
        uv_stop(&flood->loop);
}

// ---- the line of figures ----------------------------------------------------------------------

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Milliseconds from when the attempt was due to its outcome.
static void print_times(struct flood *flood, const char *name, bool p1, enum outcome outcome)
{
    uint32_t *times = malloc((flood->made + 1) * sizeof *times);
    size_t n = 0;
    if (times == NULL)
        die("memory", strerror(errno));
    for (size_t i = 0; i < flood->made; i++)
        if (flood->attempts[i].outcome == outcome && is_p1(flood, i) == p1)
            times[n++] = flood->attempts[i].ended_us16 - flood->attempts[i].due_us16;
    printf(",\"%s\":{\"n\":%zu", name, n);
    if (n > 0) {
        qsort(times, n, sizeof *times, compare);
        printf(",\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f", times[n / 2] * 0.016,
               times[(size_t)((double)(n - 1) * 0.99)] * 0.016, times[n - 1] * 0.016);
    }
    printf("}");
    free(times);
}

static void print_result(struct flood *flood)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < flood->n_streets; i++) {
        least = flood->streets[i].accepted < least ? flood->streets[i].accepted : least;
        most = flood->streets[i].accepted > most ? flood->streets[i].accepted : most;
    }
    printf("{\"attempts\":%zu,\"seconds\":%.2f,\"repeats\":%" PRIu64 ",\"open\":%zu", flood->made,
           (double)passed_us(flood) / 1e6, flood->repeats, flood->open);
    static const char *const names[2][OUTCOMES] = {
        {"", "accepted", "busy", "busy_without_time", "refused", "silent"},
        {"", "p1_accepted", "p1_busy", "p1_busy_without_time", "p1_refused", "p1_silent"}};
    for (int p1 = 0; p1 < 2; p1++)
        for (enum outcome outcome = ACCEPTED; outcome < OUTCOMES; outcome++)
            print_times(flood, names[p1][outcome], p1, outcome);
    printf(",\"street_least\":%" PRIu64 ",\"street_most\":%" PRIu64 ",\"rules\":{", least, most);
    for (size_t i = 0; i < RULES_MAX && flood->rules[i].name[0] != 0; i++)
        printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "", flood->rules[i].name, flood->rules[i].n);
    printf("}}\n");
}

// ---- beginning --------------------------------------------------------------------------------

static void open_street(struct flood *flood, const char *doors, const char *keys, const char *code)
{
    char path[512], why[256];
    struct wh_door door;
    if (flood->n_streets == STREETS_MAX)
        die(code, "too many");
    struct street *street = &flood->streets[flood->n_streets++];
    street->flood = flood;
    (void)snprintf(path, sizeof path, "%s/%s.key", keys, code);
    if (wh_key_read(path, &street->key, why, sizeof why) != 0 ||
        wh_doors_find(doors, "door", "intake", &door, why, sizeof why) != 0)
        die(code, why);
    const struct wh_socket_options options = {.endpoint = door.endpoints[0],
                                              .server_key = door.server_keys[0],
                                              .public_key = street->key.public_key,
                                              .secret_key = street->key.secret_key,
                                              .on_packet = on_packet,
                                              .on_writable = on_writable,
                                              .arg = street};
    if (wh_socket_open(flood->bus, &options, &street->socket) != 0)
        die(code, strerror(errno));
    make_frame(street, false);
    make_frame(street, true);
}

static void begin(struct flood *flood, char **argv)
{
    struct timespec now;
    flood->rate = strtod(argv[4], NULL);
    flood->total = (size_t)(flood->rate * strtod(argv[5], NULL));
    flood->p1_every = strtoul(argv[6], NULL, 10);
    flood->limit_ms = strtoull(argv[7], NULL, 10);
    flood->file = fopen(argv[8], "w");
    flood->attempts = calloc(flood->total + 1, sizeof *flood->attempts);
    if (flood->file == NULL || flood->attempts == NULL || sodium_init() < 0 ||
        uv_loop_init(&flood->loop) != 0 || wh_bus_new(&flood->loop, &flood->bus) != 0)
        die("start", strerror(errno));
    wh_arena_init(&flood->arena, ANSWER_CAP);
    for (char *code = strtok(argv[3], ","); code != NULL; code = strtok(NULL, ","))
        open_street(flood, argv[1], argv[2], code);
    clock_gettime(CLOCK_REALTIME, &now);
    flood->start_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    uv_timer_init(&flood->loop, &flood->pacer);
    flood->pacer.data = flood;
    flood->begin = uv_hrtime();
    uv_timer_start(&flood->pacer, on_pace, 1, 1);
}

int main(int argc, char **argv)
{
    static struct flood flood;
    if (argc != 9) {
        fprintf(stderr, "usage: chaos_flood DOORS KEYS CODE,CODE… RATE SECONDS P1_EVERY LIMIT_MS "
                        "FILE\n");
        return 2;
    }
    begin(&flood, argv);
    uv_run(&flood.loop, UV_RUN_DEFAULT);
    fclose(flood.file);
    print_result(&flood);
    return 0;
}
