// SPDX-License-Identifier: Apache-2.0
// A street that never gives up: raises COUNT whistles whose content and request id follow from
// (START, STREAM, index) alone, at RATE a second, at most 256 on the wire (a P1 goes at once), and
// appends "index seq number" of each acknowledged one to FILE. Killed and started again it cuts a
// torn last line and sends what is not in FILE under the same ids. Ends when everything is
// acknowledged; SIGUSR1: COUNT is what was raised until now. A refusal is written to standard error
// and ends it with 3. Each is of another building, in words of its own, but that every tenth tells
// once more, in the same words, what the one TWIN_BACK before it told (verdict.py knows it too).
//   chaos_publish DOORS KEY STREAM COUNT RATE START_MS FILE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "client/call.h"
#include "support/distinct.h"
#include "whistle/v1/intake.pb-c.h"

#define WINDOW 256
#define OUTSTANDING_MAX 4096
#define TEXT_BYTES 200
#define TITLE_CHARS 12
#define TWIN_BACK 64 // more than a turn of what four streets raise

struct publish {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_caller *caller;
    struct wh_key key;
    uv_timer_t pacer;
    uv_signal_t enough;
    uint8_t *acknowledged;
    struct slot *slots;
    size_t stream, count, next, outstanding, done, sent;
    double rate;
    uint64_t begin;
    int64_t start_ms;
    int fd;
};

struct slot {
    struct publish *publish;
    size_t index;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "chaos_publish: %s: %s\n", what, why);
    exit(2);
}

// What this whistle tells again; itself where it is the first to tell it.
static size_t told_by(size_t index)
{
    return index % 10 == 9 && index >= TWIN_BACK ? index - TWIN_BACK : index;
}

// "chaos-b-cde ": digits as letters, since other numbers make other matters.
static size_t mark(size_t stream, size_t index, char *ret_text, size_t room)
{
    int n = snprintf(ret_text, room, "chaos-%zu-%zu ", stream, index);
    for (int i = 0; i < n; i++)
        if (ret_text[i] >= '0' && ret_text[i] <= '9')
            ret_text[i] = (char)('a' + ret_text[i] - '0');
    return (size_t)n;
}

// The mix: mostly P2, every eighth P3, every fiftieth P1 (kill.py knows the same routes).
static const char *category_of(size_t index)
{
    static const char *const common[] = {"EBIKE_CHARGE", "FIRE_LANE", "RIVER_POLLUTION"};
    if (index % 50 == 0)
        return "ROAD_COLLAPSE";
    if (index % 8 == 7)
        return "GROUP_RENT";
    return common[index % 3];
}

static struct wh_uuid request_id(const struct publish *publish, size_t index)
{
    uint8_t random[10] = {0xca, 0x05, (uint8_t)publish->stream};
    for (size_t i = 0; i < 6; i++)
        random[9 - i] = (uint8_t)(index >> (8 * i));
    return wh_uuid7_make(publish->start_ms, random);
}

static void pump(struct publish *publish);

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct slot *slot = arg;
    struct publish *publish = slot->publish;
    char line[96];
    if (status != 0 || answer->error != NULL || answer->done == NULL) {
        const char *rule = status == 0 && answer->error != NULL ? answer->error->rule : "no answer";
        fprintf(stderr, "chaos_publish: %zu refused: %s\n", slot->index, rule);
        exit(3);
    }
    int n = snprintf(line, sizeof line, "%zu %" PRId64 " %s\n", slot->index, answer->done->seq,
                     answer->done->ref);
    if (write(publish->fd, line, (size_t)n) != n)
        die("write", strerror(errno));
    publish->acknowledged[slot->index] = 1;
    publish->outstanding--;
    publish->done++;
    if (publish->done == publish->count)
        exit(0);
    pump(publish);
}

static size_t pack(const struct publish *publish, size_t index, uint8_t *ret_body)
{
    char text[TEXT_BYTES + 8] = "", title[64];
    uint64_t seed = (uint64_t)publish->stream << 40 | told_by(index);
    size_t n = mark(publish->stream, index, text, sizeof text);
    distinct_text(seed, (TEXT_BYTES - n) / 3, text + n);
    text[n + (TEXT_BYTES - n) / 3 * 3] = '\0';
    distinct_text(seed ^ 1u << 31, TITLE_CHARS, title);
    (void)snprintf(title + TITLE_CHARS * 3, sizeof title - TITLE_CHARS * 3, "%zu号楼",
                   told_by(index) + 1);
    Whistle__V1__RaiseWhistle raise = WHISTLE__V1__RAISE_WHISTLE__INIT;
    raise.unit = (char *)(uintptr_t)publish->key.identity;
    raise.category = (char *)(uintptr_t)category_of(told_by(index));
    raise.title = title;
    raise.text = text;
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE;
    command.raise = &raise;
    return whistle__v1__intake_command__pack(&command, ret_body);
}

static void raise_one(struct publish *publish, size_t index)
{
    uint8_t body[1024];
    publish->slots[index] = (struct slot){publish, index};
    struct wh_call call = {.request_id = request_id(publish, index),
                           .officer = "",
                           .acting_for = "",
                           .body = body,
                           .body_n = pack(publish, index, body),
                           .urgent = index % 50 == 0,
                           .on_answer = on_answer,
                           .arg = &publish->slots[index]};
    int code = wh_caller_call(publish->caller, &call);
    if (code != 0)
        die("call", wh_strerror(code));
    publish->outstanding++;
    publish->sent++;
}

static void pump(struct publish *publish)
{
    double elapsed = (double)(uv_hrtime() - publish->begin) / 1e9;
    size_t due = (size_t)(elapsed * publish->rate) + 1;
    while (publish->next < publish->count && publish->outstanding < OUTSTANDING_MAX &&
           publish->sent < due) {
        if (!publish->acknowledged[publish->next])
            raise_one(publish, publish->next);
        publish->next++;
    }
}

static void on_pace(uv_timer_t *timer)
{
    pump(timer->data);
}

static void on_enough(uv_signal_t *handle, int number)
{
    struct publish *publish = handle->data;
    (void)number;
    while (publish->count > publish->next && !publish->acknowledged[publish->count - 1])
        publish->count--;
    if (publish->done == publish->count)
        exit(0);
}

// What an earlier life wrote; a torn last line is cut off.
static void load(struct publish *publish, const char *path)
{
    char line[128];
    long whole = 0;
    publish->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    FILE *file = publish->fd < 0 ? NULL : fopen(path, "r");
    if (file == NULL)
        die(path, strerror(errno));
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        size_t index = strtoul(line, NULL, 10);
        whole = ftell(file);
        if (index < publish->count && !publish->acknowledged[index]) {
            publish->acknowledged[index] = 1;
            publish->done++;
        }
    }
    fclose(file);
    if (ftruncate(publish->fd, whole) < 0)
        die(path, strerror(errno));
}

static void connect_to(struct publish *publish, const char *doors, const char *key)
{
    char why[256];
    struct wh_caller_options options = {
        .give_up_ms = -1, .window = WINDOW, .key_file = key, .doors_file = doors};
    if (wh_key_read(key, &publish->key, why, sizeof why) != 0 ||
        wh_doors_find(doors, "door", "intake", &options.door, why, sizeof why) != 0)
        die("keys", why);
    options.key = publish->key;
    int code = wh_bus_new(&publish->loop, &publish->bus);
    if (code != 0 || (code = wh_caller_new(publish->bus, &options, &publish->caller)) != 0)
        die("intake's door", wh_strerror(code));
}

int main(int argc, char **argv)
{
    static struct publish publish;
    if (argc != 8) {
        fprintf(stderr, "usage: chaos_publish DOORS KEY STREAM COUNT RATE START_MS FILE\n");
        return 2;
    }
    publish.stream = strtoul(argv[3], NULL, 10);
    publish.count = strtoul(argv[4], NULL, 10);
    publish.rate = strtod(argv[5], NULL);
    publish.start_ms = strtoll(argv[6], NULL, 10);
    publish.acknowledged = calloc(publish.count + 1, 1);
    publish.slots = calloc(publish.count + 1, sizeof *publish.slots);
    if (publish.acknowledged == NULL || publish.slots == NULL)
        die("memory", strerror(errno));
    load(&publish, argv[7]);
    if (publish.done == publish.count)
        return 0;
    uv_loop_init(&publish.loop);
    connect_to(&publish, argv[1], argv[2]);
    uv_timer_init(&publish.loop, &publish.pacer);
    publish.pacer.data = &publish;
    uv_signal_init(&publish.loop, &publish.enough);
    publish.enough.data = &publish;
    uv_signal_start(&publish.enough, on_enough, SIGUSR1);
    publish.begin = uv_hrtime();
    uv_timer_start(&publish.pacer, on_pace, 0, 10);
    uv_run(&publish.loop, UV_RUN_DEFAULT);
    return 2;
}
