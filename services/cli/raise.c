// SPDX-License-Identifier: Apache-2.0
// `raise`, `resubmit` for one whistle: send it, wait until dispatch has called everybody
// (or until a person must review it), tell who was called and what comes next.
#include "cli/raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/names.h"
#include "cli/text.h"
#include "client/json.h"

int needs_of(struct cli *cli, json_t *object, struct fault *ret_fault)
{
    const json_t *list = args_list(&cli->args, "need");
    size_t at;
    json_t *item;
    json_array_foreach(list, at, item)
    {
        char kind[16] = "", what[80] = "", per[16] = "";
        int count = 0, used = 0;
        const char *text = json_string_value(item);
        int got = sscanf(text, "%15[A-Za-z]:%n", kind, &used);
        const char *rest = text + used;
        size_t n = strcspn(rest, ":");
        (void)snprintf(what, sizeof what, "%.*s", (int)(n < 79 ? n : 79), rest);
        if (got != 1 || rest[n] != ':' || sscanf(rest + n + 1, "%d:%15[A-Za-z]", &count, per) < 1) {
            fault_usage(ret_fault, "need", "%s: KIND:WHAT:COUNT[:PER]", text);
            return -1;
        }
        bool supply = strcasecmp(kind, "supply") == 0;
        json_t *need = must(json_pack("{s:s, s:i}", "kind", kind, "count", count));
        if (*what)
            json_object_set_new(need, supply ? "item" : "skill", json_string(what));
        json_object_set_new(need, "per", json_string(*per ? per : "ONCE"));
        json_t *needs = json_object_get(object, "needs");
        if (!needs)
            json_object_set_new(object, "needs", needs = must(json_array()));
        json_array_append_new(needs, need);
    }
    return 0;
}

static int take_request_id(struct cli *cli, json_t *object, struct raising *raising,
                           struct fault *ret_fault)
{
    const json_t *id = json_object_get(object, "request_id");
    if (!id)
        return session_request_id(cli, &raising->request_id, ret_fault);
    const char *text = json_string_value(id);
    if (!text || wh_uuid_parse(text, &raising->request_id) < 0) {
        struct wh_wire_fault wire = {.rule = WH_RULE_REQUEST_ID_FORMAT, .field = "request_id"};
        fault_of_wire(ret_fault, &wire);
        return -1;
    }
    fault_request(ret_fault, &raising->request_id);
    json_object_del(object, "request_id");
    return 0;
}

static int take_officer(struct cli *cli, json_t *object, struct raising *raising,
                        struct fault *ret_fault)
{
    const json_t *officer = json_object_get(object, "officer");
    if (officer && !json_is_string(officer)) {
        struct wh_wire_fault wire = {.rule = WH_RULE_FIELD_FORMAT, .field = "officer"};
        fault_of_wire(ret_fault, &wire);
        return -1;
    }
    (void)snprintf(raising->officer, sizeof raising->officer, "%s",
                   officer ? json_string_value(officer) : cli->officer);
    json_object_del(object, "officer");
    return 0;
}

int raising_of(struct cli *cli, json_t *object, struct raising *ret_raising,
               struct fault *ret_fault)
{
    const unsigned raisers = WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT;
    struct session *session = session_get(cli, ret_fault);
    if (!session || take_request_id(cli, object, ret_raising, ret_fault) < 0 ||
        take_officer(cli, object, ret_raising, ret_fault) < 0)
        return -1;
    if (object != cli->args.body)
        json_object_update_missing(object, cli->args.body);
    if (!json_object_get(object, "unit") && (session->key.roles & raisers))
        json_object_set_new(object, "unit", json_string(session->key.identity));
    ret_raising->bytes = session_pack(DOOR_INTAKE, "raise", object, &ret_raising->n, ret_fault);
    return ret_raising->bytes ? 0 : -1;
}

bool raise_settled(Whistle__V1__WhistleState state)
{
    return state != WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_UNSPECIFIED &&
           state != WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_BLOWN &&
           state != WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RETURNED; // being submitted again
}

bool raise_not_yet(const struct fault *fault)
{
    return fault->status == 404 || fault->status == 503 || fault->status == 429 ||
           strcmp(fault->rule, "district.missing") == 0;
}

static json_t *task_json(struct cli *cli, const Whistle__V1__Task *task)
{
    static const char *const wanted[] = {"id",          "department",    "part",
                                         "state",       "dispatched_at", "due_sign",
                                         "due_checkin", "due_report",    "due_resolve"};
    json_t *whole = must(wh_json_from(&task->base, names_zone(cli))), *brief = must(json_object());
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        json_t *value = json_object_get(whole, wanted[i]);
        if (value)
            json_object_set(brief, wanted[i], value);
    }
    json_decref(whole);
    return brief;
}

// Where it was joined, or what it may be the same as and until when it waits.
static void set_matter(struct cli *cli, json_t *object, const Whistle__V1__Whistle *whistle)
{
    static const char *const wanted[] = {"merged_into", "held_until_at", "perhaps", "offer"};
    json_t *whole = must(wh_json_from(&whistle->base, names_zone(cli)));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        json_t *value = json_object_get(whole, wanted[i]);
        if (value)
            json_object_set(object, wanted[i], value);
    }
    json_decref(whole);
}

json_t *raised_json(struct cli *cli, unsigned long line, const char *number, const char *state,
                    const struct wh_uuid *request_id, const Whistle__V1__Whistle *whistle)
{
    char id[WH_UUID_CHARS + 1];
    json_t *object = must(json_object()), *tasks = must(json_array());
    wh_uuid_format(*request_id, id);
    if (line)
        json_object_set_new(object, "line", json_integer((json_int_t)line));
    if (whistle)
        state = text_name(&whistle__v1__whistle_state__descriptor, (int)whistle->state);
    json_object_set_new(object, "number", json_string(number));
    json_object_set_new(object, "state", json_string(state));
    for (size_t i = 0; whistle && i < whistle->n_tasks; i++)
        json_array_append_new(tasks, task_json(cli, whistle->tasks[i]));
    json_object_set_new(object, "tasks", tasks);
    if (whistle)
        set_matter(cli, object, whistle);
    if (whistle && whistle->next)
        json_object_set_new(object, "next", wh_json_from(&whistle->next->base, names_zone(cli)));
    json_object_set_new(object, "request_id", json_string(id));
    return object;
}

// Asks dispatch until the whistle is settled there. 0 with the whistle in the reply; -1: not in
// time.
static int wait_settled(struct cli *cli, const char *number, struct reply *reply)
{
    int64_t until = cli_now() + cli->timeout_ms;
    for (uint64_t ms = 10; cli_now() < until; ms = ms < 250 ? 2 * ms : 250) {
        reply_done(reply);
        if (ask_whistle(cli, number, reply) == 0 &&
            raise_settled(((const Whistle__V1__Whistle *)reply->body)->state))
            return 0;
        if (*reply->fault.code && !raise_not_yet(&reply->fault))
            return -1;
        session_pause(cli->session, ms);
    }
    return -1;
}

static void not_yet(const char *number)
{
    (void)fprintf(
        stderr,
        T("whistle: %s 已保存,但派单服务还没有应答,部门还没有叫到。稍后用 whistle show %s 再看。\n",
          "whistle: %s is saved, but dispatch has not answered yet: nobody was called so far. "
          "Look\n"
          "again with: whistle show %s\n"),
        number, number);
}

static int tell_raised(struct cli *cli, const struct reply *ack, bool wait)
{
    const Whistle__V1__Done *done = ack->answer->done;
    const Whistle__V1__Whistle *whistle = NULL;
    struct reply shown;
    reply_init(&shown);
    json_object_del(cli->args.kept, "request-id"); // the command has had it
    if (wait && wait_settled(cli, done->ref, &shown) == 0)
        whistle = (const Whistle__V1__Whistle *)shown.body;
    if (cli->json) {
        json_t *line = raised_json(cli, 0, done->ref, done->state, &ack->request_id, whistle);
        json_dumpf(line, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else if (whistle) {
        page_whistle(cli, whistle, true);
    } else {
        printf("%s✓%s %s  %s\n", colour_on(TONE_GOOD), colour_off(TONE_GOOD), done->ref,
               text_word(&whistle__v1__whistle_state__descriptor, done->state));
    }
    reply_done(&shown);
    if (!wait || whistle)
        return EXIT_DONE;
    not_yet(done->ref);
    return EXIT_SILENCE;
}

int run_raise(struct cli *cli)
{
    const char *path = args_text(&cli->args, "file");
    struct raising raising = {0};
    struct reply reply;
    reply_init(&reply);
    if (needs_of(cli, cli->args.body, &reply.fault) < 0)
        return fault_tell(cli, &reply.fault);
    if (path)
        return raise_lines(cli, path);
    if (raising_of(cli, cli->args.body, &raising, &reply.fault) < 0)
        return fault_tell(cli, &reply.fault);
    // The id is made once: session_ask takes it from here.
    char id[WH_UUID_CHARS + 1];
    wh_uuid_format(raising.request_id, id);
    json_object_set_new(cli->args.kept, "request-id", json_string(id));
    int r = session_ask(cli, DOOR_INTAKE, raising.bytes, raising.n, &reply);
    int code = r < 0 ? fault_tell(cli, &reply.fault)
                     : tell_raised(cli, &reply, !args_flag(&cli->args, "no-wait"));
    fault_hint(&reply.fault);
    free(raising.bytes);
    reply_done(&reply);
    return code;
}

int raise_wrapped(struct cli *cli, const char *number, struct reply *reply)
{
    const unsigned raisers = WH_ROLE_STREET | WH_ROLE_COMMUNITY | WH_ROLE_DEPARTMENT;
    struct session *session = session_get(cli, &reply->fault);
    json_t *whistle = cli->args.body;
    if (!session || needs_of(cli, whistle, &reply->fault) < 0)
        return -1;
    if (!json_object_get(whistle, "unit") && (session->key.roles & raisers))
        json_object_set_new(whistle, "unit", json_string(session->key.identity));
    json_t *body = must(json_pack("{s:O}", "whistle", whistle));
    if (number)
        json_object_set_new(body, "number", json_string(number));
    int r = session_ask_json(cli, DOOR_INTAKE, cli->verb->command, body, reply);
    json_decref(body);
    return r;
}

int run_resubmit(struct cli *cli)
{
    struct reply reply;
    reply_init(&reply);
    int code = raise_wrapped(cli, args_text(&cli->args, "NUMBER"), &reply) < 0
                   ? fault_tell(cli, &reply.fault)
                   : tell_raised(cli, &reply, true);
    reply_done(&reply);
    return code;
}
