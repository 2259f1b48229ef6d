// SPDX-License-Identifier: Apache-2.0
// The verbs that are one command of a door: send the body, tell what it did and what comes next.
#include <stdio.h>
#include <string.h>

#include "cli/names.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/session.h"
#include "cli/text.h"
#include "whistle/v1/common.pb-c.h"

// An error about "task" names the option or word that filled it.
static int told(struct cli *cli, struct reply *reply)
{
    const struct param *param = param_of_field(cli->verb->params, reply->fault.field);
    if (!cli->json && param)
        (void)snprintf(reply->fault.field, sizeof reply->fault.field, "%s%s",
                       param->flags & PARAM_POSITIONAL ? "" : "--", param->name);
    int code = fault_tell(cli, &reply->fault);
    fault_hint(&reply->fault);
    return code;
}

json_t *done_json(const struct reply *reply)
{
    const Whistle__V1__Done *done = reply->answer->done;
    char id[WH_UUID_CHARS + 1];
    wh_uuid_format(reply->request_id, id);
    json_t *object =
        must(json_pack("{s:s, s:s, s:I, s:I, s:s}", "ref", done->ref, "feed", done->feed, "seq",
                       (json_int_t)done->seq, "at", (json_int_t)done->at, "request_id", id));
    if (*done->state)
        json_object_set_new(object, "state", json_string(done->state));
    return object;
}

// Dispatch hears of intake's decisions a moment later: waits for it, at most half a second.
static void next_from_intake(struct cli *cli, const Whistle__V1__Done *done)
{
    bool blown = strcmp(done->state, "BLOWN") == 0;
    for (int tries = 0; tries < 20 && *done->state; tries++) {
        struct reply reply;
        reply_init(&reply);
        int r = ask_whistle(cli, done->ref, &reply);
        const Whistle__V1__Whistle *whistle = (const Whistle__V1__Whistle *)reply.body;
        const char *state =
            r < 0 ? "" : text_name(&whistle__v1__whistle_state__descriptor, (int)whistle->state);
        bool there = blown ? r == 0 && whistle->n_tasks : strcmp(state, done->state) == 0;
        reply_done(&reply);
        if (there) {
            page_next(cli, done->ref);
            return;
        }
        session_pause(cli->session, 25);
    }
}

// The same of dedup's: until the whistle stands there as it was decided. Then what it means.
static void next_from_dedup(struct cli *cli, const Whistle__V1__Done *done)
{
    const char *into = json_string_value(json_object_get(cli->args.body, "into"));
    const char *how = json_string_value(json_object_get(cli->args.body, "how"));
    bool joins = into && !(how && strcmp(how, "RECURRING") == 0);
    for (int tries = 0; tries < 20; tries++) {
        struct reply reply;
        reply_init(&reply);
        int r = ask_whistle(cli, done->ref, &reply);
        const Whistle__V1__Whistle *whistle = (const Whistle__V1__Whistle *)reply.body;
        bool away = r == 0 && whistle->state == WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_MERGED;
        bool held = r == 0 && whistle->state == WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_HELD;
        bool there = r == 0 && away == joins && !held;
        if (there && away)
            printf(T("  已并入 %s\n", "  joined to %s\n"), whistle->merged_into);
        reply_done(&reply);
        if (there) {
            page_next(cli, done->ref);
            return;
        }
        session_pause(cli->session, 25);
    }
}

static bool is_task(const char *ref)
{
    int64_t object;
    char prefix[WH_PREFIX_MAX + 1], department[WH_DEPARTMENT_MAX + 1];
    return wh_task_id_parse(ref, prefix, &object, department) == 0;
}

static void tell_done(struct cli *cli, enum door door, const struct reply *reply)
{
    const Whistle__V1__Done *done = reply->answer->done;
    char at[32];
    if (cli->json) {
        json_t *object = done_json(reply);
        json_dumpf(object, stdout, JSON_LINE);
        (void)fputc('\n', stdout);
        json_decref(object);
        return;
    }
    time_text(cli, done->at, at, sizeof at);
    printf("%s✓%s %s  ", colour_on(TONE_GOOD), colour_off(TONE_GOOD), at);
    say_clean(stdout, done->ref, false);
    if (*done->state)
        printf("  %s", text_state(done->state, is_task(done->ref)));
    (void)fputc('\n', stdout);
    json_object_del(cli->args.kept, "request-id"); // the command has had it
    if (door == DOOR_INTAKE)
        next_from_intake(cli, done);
    else if (door == DOOR_DEDUP)
        next_from_dedup(cli, done);
    else
        page_next(cli, done->ref);
}

static int run_as(struct cli *cli, enum door door, const char *command)
{
    struct reply reply;
    reply_init(&reply);
    int code = EXIT_DONE;
    if (session_ask_json(cli, door, command, cli->args.body, &reply) < 0)
        code = told(cli, &reply);
    else if (reply.answer->done)
        tell_done(cli, door, &reply);
    reply_done(&reply);
    return code;
}

int run_command(struct cli *cli)
{
    return run_as(cli, cli->verb->door, cli->verb->command);
}

int run_decidable(struct cli *cli)
{
    bool decides = body_get(cli->args.body, "decision") != NULL;
    return run_as(cli, cli->verb->door, decides ? cli->verb->decide : cli->verb->command);
}

// Departments are added at dispatch, facts at intake; one at a time, so that one run is one
// command.
int run_add(struct cli *cli)
{
    bool facts = body_get(cli->args.body, "text") || body_get(cli->args.body, "answers");
    bool departments = body_get(cli->args.body, "departments") != NULL;
    if (facts == departments) {
        struct fault fault = {0};
        fault_usage(&fault, "", "%s",
                    T("要么 --department 增派部门,要么 --text/--answer 补充情况",
                      "either --department, or --text and --answer"));
        return fault_tell(cli, &fault);
    }
    if (facts && body_get(cli->args.body, "reason")) {
        struct fault fault = {0};
        fault_usage(&fault, "", "%s",
                    T("--reason 只用于增派部门", "--reason belongs to --department"));
        return fault_tell(cli, &fault);
    }
    return facts ? run_as(cli, DOOR_INTAKE, "supplement") : run_command(cli);
}

// Two steps: the reading is logged and committed first, then what was sealed is asked for.
int run_unseal(struct cli *cli)
{
    struct reply reply;
    reply_init(&reply);
    json_t *ask = json_pack("{s:O}", "number", body_get(cli->args.body, "number"));
    int code = EXIT_DONE;
    int status = session_ask_json(cli, DOOR_INTAKE, "unseal", cli->args.body, &reply);
    if (status >= 0) {
        reply_done(&reply);
        reply_init(&reply);
        status = session_ask_json(cli, DOOR_INTAKE, "get_unsealed", ask, &reply);
    }
    if (status < 0)
        code = told(cli, &reply);
    else
        page_unsealed(cli, reply.body);
    reply_done(&reply);
    json_decref(ask);
    return code;
}
