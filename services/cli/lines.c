// SPDX-License-Identifier: Apache-2.0
// `raise --file`: many whistles, one JSON object a line. Reading, calling and asking go on at the
// same time; at most RING lines are in hand, outputs leave in the order of the lines.
#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/names.h"
#include "cli/text.h"

#define TICK_MS 10

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
        const struct wh_rule_info *info =
            wh_rule_info(wh_rule_by_name(json_string_value(json_object_get(error, "rule"))));
        if (detail && strcmp(detail, info->en) != 0)
            fputs("  ", stdout), say_clean(stdout, detail, false);
        (void)fputc('\n', stdout);
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
               part && strcmp(part, "LEAD") == 0 ? T("(牵头)", "(lead)") : "");
    }
    if (slot->code == EXIT_SILENCE)
        printf("%s",
               T("  (已保存,派单服务还没有应答)", "  (saved; dispatch has not answered yet)"));
    (void)fputc('\n', stdout);
}

static void print_ready(struct lines *lines)
{
    while (lines->first < lines->next) {
        struct slot *slot = &lines->ring[lines->first % RING];
        if (slot->step != STEP_DONE)
            break;
        if (lines->cli->json) {
            json_dumpf(slot->output, stdout, JSON_LINE);
            (void)fputc('\n', stdout);
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
           raised_json(slot->lines->cli, slot->line, slot->number, slot->state,
                       &slot->raising.request_id, whistle),
           code);
}

// ---- asking dispatch until everybody is called --------------------------------------------------

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
    else if (cli_now() < slot->until && (!*reply.fault.code || raise_not_yet(&reply.fault)))
        rest(slot);
    else
        finish_raised(slot, NULL, EXIT_SILENCE);
    reply_done(&reply);
    lines_advance(slot->lines);
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

// ---- raising --------------------------------------------------------------------------------

static void on_raised(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct slot *slot = arg;
    struct reply reply;
    reply_init(&reply);
    reply.request_id = slot->raising.request_id;
    if (reply_take(&reply, DOOR_INTAKE, status, answer) < 0 || !reply.answer->done) {
        finish_fault(slot, &reply.fault);
    } else {
        const Whistle__V1__Done *done = reply.answer->done;
        (void)snprintf(slot->number, sizeof slot->number, "%s", done->ref);
        (void)snprintf(slot->state, sizeof slot->state, "%s", done->state);
        slot->until = cli_now() + slot->lines->cli->timeout_ms;
        if (slot->lines->wait)
            rest(slot);
        else
            finish_raised(slot, NULL, EXIT_DONE);
    }
    reply_done(&reply);
    lines_advance(slot->lines);
}

static void call_raise(struct slot *slot)
{
    struct fault fault = {0};
    struct wh_caller *caller = session_caller(slot->lines->cli, DOOR_INTAKE, &fault);
    const char *acting_for = args_text(&slot->lines->cli->args, "acting-for");
    struct wh_call call = {.request_id = slot->raising.request_id,
                           .officer = slot->raising.officer,
                           .acting_for = acting_for ? acting_for : "",
                           .body = slot->raising.bytes,
                           .body_n = slot->raising.n,
                           .on_answer = on_raised,
                           .arg = slot};
    int r = caller ? wh_caller_call(caller, &call) : WH_E_INVALID;
    slot->step = STEP_RAISING;
    if (r == WH_E_EXISTS || r == WH_E_BUSY) {
        slot->step = STEP_HELD; // the same request is out already: its answer comes first
        return;
    }
    if (r < 0) {
        fault_set(&fault, 500, "internal", "%s", wh_strerror(r));
        finish_fault(slot, &fault);
    }
    free(slot->raising.bytes);
    slot->raising.bytes = NULL;
}

void line_raise(struct lines *lines, const char *text, size_t n)
{
    struct slot *slot = &lines->ring[lines->next % RING];
    struct fault fault = {.status = 400, .code = "bad_message", .rule = "message.malformed"};
    struct fault problem = {0};
    json_error_t error;
    *slot = (struct slot){.lines = lines, .line = ++lines->counted, .step = STEP_RAISING};
    lines->next++;
    json_t *object = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(object) && raising_of(lines->cli, object, &slot->raising, &problem) == 0) {
        call_raise(slot);
    } else if (json_is_object(object)) {
        finish_fault(slot, &problem);
    } else {
        (void)snprintf(fault.detail, sizeof fault.detail, "%s",
                       object ? T("应为 JSON 对象", "must be a JSON object") : error.text);
        finish_fault(slot, &fault);
    }
    json_decref(object);
}

void line_too_long(struct lines *lines)
{
    struct slot *slot = &lines->ring[lines->next % RING];
    struct fault fault = {.status = 413, .code = "too_large", .rule = "message.too_large"};
    *slot = (struct slot){.lines = lines, .line = ++lines->counted, .step = STEP_RAISING};
    lines->next++;
    finish_fault(slot, &fault);
}

void lines_advance(struct lines *lines)
{
    print_ready(lines);
    lines_take(lines);
    print_ready(lines);
    lines_read(lines);
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
        else if (slot->step == STEP_HELD)
            call_raise(slot);
    }
    lines_advance(lines);
    (void)fflush(stdout);
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
    lines_read(lines);
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
