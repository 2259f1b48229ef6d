// SPDX-License-Identifier: Apache-2.0
// One-time links over HTTP: what the holder sees and which steps they take. Every call reads the
// link anew: signature, time, whether links of its task were ended, its purposes. The step itself
// is the department's at dispatch's door, which decides as for everybody.
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "gateway/handler_api.h"
#include "gateway/handler_people.h"
#include "gateway/wire.h"
#include "whistle/v1/api.pb-c.h"
#include "whistle/v1/dispatch.pb-c.h"

#define COMMAND(name) WHISTLE__V1__DISPATCH_COMMAND__WHAT_##name
#define OTHERS_MAX 64

struct holding {
    struct link_claim claim;
    char number[WH_NUMBER_MAX], department[WH_DEPARTMENT_MAX + 1];
};

static char *held(const char *text)
{
    return (char *)(uintptr_t)text;
}

// The link of the path, if it is in force; else the request is answered.
static struct holding *hold(struct gateway_ask *ask)
{
    struct holding *holding = wh_arena_calloc(ask->arena, 1, sizeof *holding);
    const char *token = api_capture(ask, 0);
    char prefix[WH_PREFIX_MAX + 1];
    uint8_t key[LINK_KEY];
    int64_t object;
    enum wh_rule rule = WH_RULE_LINK_BAD;
    gateway_subkey(ask->gateway, "link", key);
    if (!wh_serving(ask->gateway->runtime))
        rule = WH_RULE_BUSY_STARTING;
    else if (holding != NULL && token != NULL && link_read(token, key, &holding->claim) == 0)
        rule = link_live(&holding->claim,
                         directory_link_end(ask->gateway->directory, holding->claim.task),
                         wh_wall_now())
                   ? WH_RULE_NONE
                   : WH_RULE_LINK_ENDED;
    if (rule != WH_RULE_NONE) {
        reply_rule(ask, rule, NULL, NULL);
        return NULL;
    }
    (void)wh_task_id_parse(holding->claim.task, prefix, &object, holding->department);
    (void)wh_number_format(prefix, object, holding->number);
    ask->data = holding;
    return holding;
}

static int call(struct gateway_ask *ask, const Whistle__V1__DispatchCommand *command,
                struct wh_uuid id, wh_answer_fn fn)
{
    const struct holding *holding = ask->data;
    const struct gateway_call_as as = {
        .identity = holding->department,
        .officer = holding->claim.officer,
        .request_id = id,
        .fn = fn,
        .arg = ask,
    };
    return gateway_call_as(ask->gateway, DOOR_DISPATCH, &command->base, &as);
}

// ---- seeing -------------------------------------------------------------------------------------

// Only what the work needs: no opinion, no likeness, no other department's words.
static Whistle__V1__Whistle about(const Whistle__V1__Whistle *whistle)
{
    Whistle__V1__Whistle shown = WHISTLE__V1__WHISTLE__INIT;
    shown.number = whistle->number;
    shown.state = whistle->state;
    shown.category = whistle->category;
    shown.title = whistle->title;
    shown.text = whistle->text;
    shown.priority = whistle->priority;
    shown.place = whistle->place;
    shown.answers = whistle->answers;
    shown.n_answers = whistle->n_answers;
    shown.drill = whistle->drill;
    shown.unit = whistle->unit;
    shown.street = whistle->street;
    shown.additions = whistle->additions;
    shown.n_additions = whistle->n_additions;
    return shown;
}

static void show(struct gateway_ask *ask, const Whistle__V1__Whistle *whistle)
{
    const struct holding *holding = ask->data;
    Whistle__V1__LinkShown shown = WHISTLE__V1__LINK_SHOWN__INIT;
    Whistle__V1__Whistle of = about(whistle);
    Whistle__V1__Task rows[OTHERS_MAX], *list[OTHERS_MAX];
    char *purposes[4];
    shown.others = list;
    shown.purposes = purposes;
    for (size_t i = 0; i < whistle->n_tasks; i++) {
        Whistle__V1__Task *task = whistle->tasks[i];
        if (strcmp(task->id, holding->claim.task) == 0) {
            shown.task = task;
        } else if (shown.n_others < OTHERS_MAX) {
            Whistle__V1__Task *row = &rows[shown.n_others];
            whistle__v1__task__init(row);
            row->department = task->department;
            row->part = task->part;
            row->state = task->state;
            list[shown.n_others++] = row;
        }
    }
    for (unsigned bit = 1; bit <= LINK_REFUSE; bit <<= 1)
        if ((holding->claim.purposes & bit) != 0)
            purposes[shown.n_purposes++] = held(link_purpose_name(bit));
    shown.whistle = &of;
    shown.expires_at = holding->claim.until_at;
    if (shown.task == NULL) // taken over by another one meanwhile
        reply_rule(ask, WH_RULE_LINK_ENDED, NULL, NULL);
    else
        reply_message(ask, 200, &shown.base);
}

static void on_shown(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const ProtobufCMessage *message = api_member(DOOR_DISPATCH, status, answer, "whistle", &arena);
    if (message != NULL)
        show(ask, (const Whistle__V1__Whistle *)message);
    else
        api_refuse(ask, status, answer);
    wh_arena_done(&arena);
}

void on_link_show(struct gateway_ask *ask)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ShowWhistle see = WHISTLE__V1__SHOW_WHISTLE__INIT;
    struct holding *holding = hold(ask);
    if (holding == NULL)
        return;
    see.number = holding->number;
    command.what_case = COMMAND(SHOW);
    command.show = &see;
    int status = call(ask, &command, (struct wh_uuid){{0}}, on_shown);
    if (status != 0)
        reply_silent(ask, status);
}

// ---- acting -------------------------------------------------------------------------------------

static void on_acted(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__Acted acted = WHISTLE__V1__ACTED__INIT;
    if (status != 0 || answer->done == NULL) {
        api_refuse(ask, status, answer);
        return;
    }
    acted.ref = answer->done->ref;
    acted.state = answer->done->state;
    acted.feed = answer->done->feed;
    acted.seq = answer->done->seq;
    acted.at = answer->done->at;
    reply_message(ask, 200, &acted.base);
}

// The same step under the same key (or, without one, with the same words) is the same request,
// however often it comes: it takes its time from the link.
static struct wh_uuid id_of(const struct gateway_ask *ask)
{
    const struct holding *holding = ask->data;
    const char *key = http_header_get(ask->request, "Idempotency-Key");
    struct wh_str words = key != NULL ? wh_str(key) : ask->request->body;
    crypto_generichash_state state;
    uint8_t hash[16];
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)ask->request->path.p, ask->request->path.n);
    crypto_generichash_update(&state, (const uint8_t *)(key != NULL ? "k" : "b"), 1);
    crypto_generichash_update(&state, (const uint8_t *)words.p, words.n);
    crypto_generichash_final(&state, hash, sizeof hash);
    return wh_uuid7_make(holding->claim.made_at, hash);
}

// What the row means, and its command of the body with the link's own task.
static unsigned fill(struct gateway_ask *ask, ProtobufCMessage *body,
                     Whistle__V1__DispatchCommand *command, char **tasks)
{
    switch (ask->found.id) {
    case ROUTE_LINK_SIGN:
        command->what_case = COMMAND(SIGN);
        command->sign = (Whistle__V1__SignTasks *)body;
        command->sign->tasks = tasks;
        command->sign->n_tasks = 1;
        return LINK_SIGN;
    case ROUTE_LINK_CHECK_IN:
        command->what_case = COMMAND(CHECK_IN);
        command->check_in = (Whistle__V1__CheckIn *)body;
        command->check_in->task = tasks[0];
        return LINK_CHECK_IN;
    case ROUTE_LINK_REPORT:
        command->what_case = COMMAND(REPORT);
        command->report = (Whistle__V1__ReportTask *)body;
        command->report->task = tasks[0];
        return LINK_REPORT;
    default:
        command->what_case = COMMAND(REFUSE);
        command->refuse = (Whistle__V1__RefuseTask *)body;
        command->refuse->task = tasks[0];
        return LINK_REFUSE;
    }
}

static ProtobufCMessage *body_of(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    const struct wire_api wire = api_wire(ask);
    ProtobufCMessage *body = NULL;
    if (ask->request->body.n > 0) {
        body = wire_api_body(&wire, &fault);
        if (body == NULL)
            reply_fault(ask, &fault);
        return body;
    }
    body = wh_arena_calloc(ask->arena, 1, ask->route->takes->sizeof_message);
    if (body == NULL)
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        ask->route->takes->message_init(body);
    return body;
}

void on_link_act(struct gateway_ask *ask)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    struct holding *holding = hold(ask);
    ProtobufCMessage *body = holding != NULL ? body_of(ask) : NULL;
    if (body == NULL)
        return;
    char *tasks[1] = {holding->claim.task};
    if ((holding->claim.purposes & fill(ask, body, &command, tasks)) == 0) {
        reply_rule(ask, WH_RULE_LINK_PURPOSE, NULL, NULL);
        return;
    }
    int status = call(ask, &command, id_of(ask), on_acted);
    if (status != 0)
        reply_silent(ask, status);
}

// ---- making -------------------------------------------------------------------------------------

static const char *base_of(const struct gateway_ask *ask)
{
    const char *own = wh_setting_text(ask->gateway->runtime, "public_url");
    char *base = wh_arena_alloc(ask->arena, strlen(ask->request->host) + 9);
    if (own[0] != '\0' || base == NULL)
        return own;
    (void)sprintf(base, "%s%s", ask->request->secure ? "https://" : "http://", ask->request->host);
    return base;
}

void on_task_link(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    const struct wire_api wire = api_wire(ask);
    const Whistle__V1__MakeLink *body = (const Whistle__V1__MakeLink *)wire_api_body(&wire, &fault);
    char department[WH_DEPARTMENT_MAX + 1], token[LINK_TOKEN_MAX], url[LINK_TOKEN_MAX + 512];
    Whistle__V1__Link link = WHISTLE__V1__LINK__INIT;
    struct wire_fault bad;
    struct link_claim claim;
    if (body == NULL) {
        reply_fault(ask, &fault);
        return;
    }
    Whistle__V1__MakeLink make = *body;
    make.task = held(api_capture(ask, 0));
    if (wire_link(&make, wh_wall_now(), &claim, department, &bad) != 0) {
        reply_rule(ask, bad.rule, bad.field, NULL);
        return;
    }
    if (strcmp(department, ask->caller.identity) != 0) {
        reply_rule(ask, WH_RULE_SCOPE_FOREIGN, "task", NULL);
        return;
    }
    gateway_make_link(ask->gateway, &claim, token);
    (void)snprintf(url, sizeof url, "%s/l/%s", base_of(ask), token);
    link.token = token;
    link.url = url;
    link.until_at = claim.until_at / 1000 * 1000;
    reply_message(ask, 200, &link.base);
}
