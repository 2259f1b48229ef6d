// SPDX-License-Identifier: Apache-2.0
// `raise --file`: many whistles, one JSON object a line. Reading (in libuv's thread pool, so that a
// slow pipe never stops the answers), calling and asking go on at the same time; at most RING lines
// are in hand, outputs leave in the order of the lines.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/names.h"
#include "cli/raise.h"
#include "cli/text.h"

#define RING 1024
#define CHUNK 65536
#define LINE_MAX_BYTES (1u << 20)
#define TICK_MS 10

enum step { STEP_FREE, STEP_RAISING, STEP_RESTING, STEP_ASKING, STEP_DONE };

struct lines;

struct slot {
    struct lines *lines;
    enum step step;
    unsigned long line;
    struct wh_uuid request_id;
    char number[80], state[32];
    int64_t ask_at, until; // ms: when to ask dispatch again; when to give up
    int64_t pause;
    json_t *output;
    int code;
};

struct lines {
    struct cli *cli;
    struct session *session;
    struct slot ring[RING];
    unsigned long first, next; // lines printed, lines taken: ring positions modulo RING
    bool wait;
    int worst;
    int fd;
    uv_fs_t read;
    uv_timer_t tick;
    bool reading, ended, too_long, done;
    char *text; // what was read; [at, n) is not yet taken
    size_t at, n, room;
    unsigned long counted; // lines of the input
    char chunk[CHUNK];
};

static void advance(struct lines *lines);

// ---- output, in order ---------------------------------------------------------------------------

static void print_human(struct lines *lines, const struct slot *slot)
{
    (void)lines;
    const json_t *error = json_object_get(slot->output, "error");
    printf("%lu  ", slot->line);
    if (error) {
        const char *field = json_string_value(json_object_get(error, "field"));
        const char *detail = json_string_value(json_object_get(error, "detail"));
        printf("%s✗%s %s%s%s", colour_on(TONE_BAD), colour_off(TONE_BAD), field ? field : "",
               field ? ": " : "", json_string_value(json_object_get(error, "title")));
        if (detail)
            fputs("  ", stdout), say_clean(stdout, detail, false);
        fputc('\n', stdout);
        return;
    }
    printf("%s✓%s %s  %s ", colour_on(TONE_GOOD), colour_off(TONE_GOOD), slot->number,
           text_word(&whistle__v1__whistle_state__descriptor,
                     json_string_value(json_object_get(slot->output, "state"))));
    size_t at;
    json_t *task;
    json_array_foreach(json_object_get(slot->output, "tasks"), at, task)
    {
        const char *part = json_string_value(json_object_get(task, "part"));
        printf(" %s%s", json_string_value(json_object_get(task, "department")),
               part && strcmp(part, "LEAD") == 0 ? T("(主办)", "(lead)") : "");
    }
    if (slot->code == EXIT_SILENCE)
        printf("%s",
               T("  (已保存,派单服务还没有应答)", "  (saved; dispatch has not answered yet)"));
    fputc('\n', stdout);
}

static void print_ready(struct lines *lines)
{
    while (lines->first < lines->next) {
        struct slot *slot = &lines->ring[lines->first % RING];
        if (slot->step != STEP_DONE)
            break;
        if (lines->cli->json) {
            json_dumpf(slot->output, stdout, JSON_LINE);
            fputc('\n', stdout);
        } else {
            print_human(lines, slot);
        }
        if (slot->code > lines->worst)
            lines->worst = slot->code;
        json_decref(slot->output);
        *slot = (struct slot){0};
        lines->first++;
    }
}

static void finish(struct slot *slot, json_t *output, int code)
{
    slot->output = output;
    slot->code = code;
    slot->step = STEP_DONE;
}

static void finish_fault(struct slot *slot, const struct fault *fault)
{
    json_t *output =
        must(json_pack("{s:I, s:o}", "line", (json_int_t)slot->line, "error", fault_json(fault)));
    finish(slot, output, fault_exit(fault));
}

static void finish_raised(struct slot *slot, const Whistle__V1__Whistle *whistle, int code)
{
    finish(slot,
           raised_json(slot->lines->cli, slot->line, slot->number, slot->state, &slot->request_id,
                       whistle),
           code);
}

// ---- asking dispatch until everybody is called
// ----------------------------------------------------

static void rest(struct slot *slot)
{
    slot->pause = slot->pause == 0 ? 10 : slot->pause < 500 ? 2 * slot->pause : 500;
    slot->ask_at = cli_now() + slot->pause;
    slot->step = STEP_RESTING;
}

static void on_shown(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct slot *slot = arg;
    struct reply reply;
    reply_init(&reply);
    if (reply_take(&reply, DOOR_DISPATCH, status, answer) == 0 && reply.body &&
        reply.body->descriptor == &whistle__v1__whistle__descriptor &&
        raise_settled(((const Whistle__V1__Whistle *)reply.body)->state))
        finish_raised(slot, (const Whistle__V1__Whistle *)reply.body, EXIT_DONE);
    else if (cli_now() < slot->until && (!*reply.fault.code || reply.fault.status == 404))
        rest(slot);
    else
        finish_raised(slot, NULL, EXIT_SILENCE);
    reply_done(&reply);
    advance(slot->lines);
}

static void ask_shown(struct slot *slot)
{
    struct fault fault = {0};
    struct wh_caller *caller = session_caller(slot->lines->cli, DOOR_DISPATCH, &fault);
    json_t *body = must(json_pack("{s:s}", "number", slot->number));
    struct wh_call call = {.officer = "", .acting_for = "", .on_answer = on_shown, .arg = slot};
    void *bytes = caller ? session_pack(DOOR_DISPATCH, "show", body, &call.body_n, &fault) : NULL;
    json_decref(body);
    call.body = bytes;
    slot->step = STEP_ASKING;
    if (!bytes)
        finish_raised(slot, NULL, EXIT_SILENCE);
    else if (wh_caller_call(caller, &call) < 0)
        rest(slot);
    free(bytes);
}

// ---- raising
// --------------------------------------------------------------------------------------

static void on_raised(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct slot *slot = arg;
    struct reply reply;
    reply_init(&reply);
    reply.request_id = slot->request_id;
    if (reply_take(&reply, DOOR_INTAKE, status, answer) < 0 || !reply.answer->done) {
        finish_fault(slot, &reply.fault);
    } else {
        const Whistle__V1__Done *done = reply.answer->done;
        snprintf(slot->number, sizeof slot->number, "%s", done->ref);
        snprintf(slot->state, sizeof slot->state, "%s", done->state);
        slot->until = cli_now() + slot->lines->cli->timeout_ms;
        if (slot->lines->wait)
            rest(slot);
        else
            finish_raised(slot, NULL, EXIT_DONE);
    }
    reply_done(&reply);
    advance(slot->lines);
}

static void call_raise(struct slot *slot, json_t *object)
{
    struct lines *lines = slot->lines;
    struct raising raising = {0};
    struct fault fault = {0};
    struct wh_caller *caller = session_caller(lines->cli, DOOR_INTAKE, &fault);
    if (!caller || raising_of(lines->cli, object, &raising, &fault) < 0) {
        finish_fault(slot, &fault);
        return;
    }
    slot->request_id = raising.request_id;
    struct wh_call call = {.request_id = raising.request_id,
                           .officer = raising.officer,
                           .acting_for = "",
                           .body = raising.bytes,
                           .body_n = raising.n,
                           .on_answer = on_raised,
                           .arg = slot};
    const char *acting_for = args_text(&lines->cli->args, "acting-for");
    if (acting_for)
        call.acting_for = acting_for;
    int r = wh_caller_call(caller, &call);
    if (r < 0) {
        fault_set(&fault, 503, "busy", "%s", wh_strerror(r));
        finish_fault(slot, &fault);
    }
    free(raising.bytes);
}

// ---- lines of the input
// ---------------------------------------------------------------------------

static void take_line(struct lines *lines, const char *text, size_t n)
{
    struct slot *slot = &lines->ring[lines->next % RING];
    struct fault fault = {.status = 400, .code = "bad_message", .rule = "message.malformed"};
    json_error_t error;
    *slot = (struct slot){.lines = lines, .line = ++lines->counted, .step = STEP_RAISING};
    lines->next++;
    json_t *object = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(object)) {
        call_raise(slot, object);
    } else {
        snprintf(fault.detail, sizeof fault.detail, "%s",
                 object ? T("应为 JSON 对象", "must be a JSON object") : error.text);
        finish_fault(slot, &fault);
    }
    json_decref(object);
}

static void take_too_long(struct lines *lines)
{
    struct slot *slot = &lines->ring[lines->next % RING];
    struct fault fault = {.status = 413, .code = "too_large", .rule = "message.too_large"};
    *slot = (struct slot){.lines = lines, .line = ++lines->counted, .step = STEP_RAISING};
    lines->next++;
    finish_fault(slot, &fault);
}

// Takes whole lines out of the buffer while the ring has room.
static void take_lines(struct lines *lines)
{
    while (lines->next - lines->first < RING && (lines->at < lines->n || lines->too_long)) {
        const char *text = lines->text + lines->at;
        size_t left = lines->n - lines->at;
        const char *end = memchr(text, '\n', left);
        if (!end && !lines->ended)
            break;
        size_t n = end ? (size_t)(end - text) : left;
        if (lines->too_long || n > LINE_MAX_BYTES)
            take_too_long(lines);
        else
            take_line(lines, text, n);
        lines->too_long = false;
        lines->at += n + (end != NULL);
    }
    if (lines->n - lines->at > LINE_MAX_BYTES &&
        !memchr(lines->text + lines->at, '\n', lines->n - lines->at)) {
        lines->too_long = true; // its beginning need not be kept
        lines->at = lines->n;
    }
}

// Room for what was read, behind what is left.
static void keep(struct lines *lines, const char *data, size_t n)
{
    size_t left = lines->n - lines->at;
    if (left)
        memmove(lines->text, lines->text + lines->at, left);
    lines->at = 0;
    if (left + n > lines->room) {
        lines->room = 2 * (left + n);
        lines->text = must(realloc(lines->text, lines->room));
    }
    memcpy(lines->text + left, data, n);
    lines->n = left + n;
}

static void on_read(uv_fs_t *request)
{
    struct lines *lines = request->data;
    ssize_t n = request->result;
    uv_fs_req_cleanup(request);
    lines->reading = false;
    if (n <= 0) {
        lines->ended = true;
        if (n < 0) {
            fprintf(stderr, "whistle: %s\n", uv_strerror((int)n));
            lines->worst = EXIT_USAGE;
        }
    } else {
        keep(lines, lines->chunk, (size_t)n);
    }
    advance(lines);
}

static void read_more(struct lines *lines)
{
    bool full = lines->next - lines->first >= RING;
    size_t left = lines->n - lines->at;
    bool whole = left && memchr(lines->text + lines->at, '\n', left);
    if (lines->reading || lines->ended || full || whole)
        return;
    uv_buf_t buffer = uv_buf_init(lines->chunk, CHUNK);
    lines->read.data = lines;
    lines->reading = true;
    if (uv_fs_read(&lines->session->loop, &lines->read, lines->fd, &buffer, 1, -1, on_read) < 0)
        must(NULL);
}

static void advance(struct lines *lines)
{
    print_ready(lines);
    take_lines(lines);
    print_ready(lines);
    read_more(lines);
    if (lines->ended && lines->at == lines->n && lines->first == lines->next)
        lines->done = true;
}

static void on_tick(uv_timer_t *timer)
{
    struct lines *lines = timer->data;
    int64_t now = cli_now();
    for (unsigned long i = lines->first; i < lines->next; i++) {
        struct slot *slot = &lines->ring[i % RING];
        if (slot->step == STEP_RESTING && slot->ask_at <= now)
            ask_shown(slot);
    }
    advance(lines);
    fflush(stdout);
}

int raise_lines(struct cli *cli, const char *path)
{
    struct fault fault = {0};
    struct lines *lines = must(calloc(1, sizeof *lines));
    lines->cli = cli;
    lines->wait = !args_flag(&cli->args, "no-wait");
    lines->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (lines->fd < 0) {
        fault_usage(&fault, "file", "%s: %s", path, strerror(errno));
        free(lines);
        return fault_tell(cli, &fault);
    }
    lines->session = session_get(cli, &fault);
    if (!lines->session || !session_caller(cli, DOOR_INTAKE, &fault)) {
        free(lines);
        return fault_tell(cli, &fault);
    }
    json_object_del(cli->args.kept, "request-id"); // it could name one line only
    names_get(cli);                                // before the loop belongs to the lines
    uv_timer_init(&lines->session->loop, &lines->tick);
    lines->tick.data = lines;
    uv_timer_start(&lines->tick, on_tick, TICK_MS, TICK_MS);
    read_more(lines);
    session_run(lines->session, &lines->done);
    uv_close((uv_handle_t *)&lines->tick, NULL);
    uv_run(&lines->session->loop, UV_RUN_NOWAIT);
    int worst = lines->worst;
    if (lines->fd != STDIN_FILENO)
        close(lines->fd);
    free(lines->text);
    free(lines);
    return worst;
}
