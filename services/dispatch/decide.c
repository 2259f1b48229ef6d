// SPDX-License-Identifier: Apache-2.0
// The table of verbs and what all of them share: is there such a whistle and task, is it at a stage
// where the verb makes sense, who acts, and the notice when everything has been reported.
#include "dispatch/decide.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/keys.h"
#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

// When a verb makes sense.
enum stage_needed {
    AT_TASKS,      // dispatched and not ended, also joined
    AT_OWN,        // dispatched, not ended, not joined to another
    AT_DISPATCHED, // dispatched, ended or not
    AT_ANY,        // the verb looks itself
};

static const struct verb {
    uint32_t what;
    verb_fn decide;
    bool on_task;
    enum stage_needed stage;
} verbs[] = {
    {COMMAND(SIGN), decide_sign, true, AT_TASKS},
    {COMMAND(CHECK_IN), decide_check_in, true, AT_TASKS},
    {COMMAND(REPORT), decide_report, true, AT_TASKS},
    {COMMAND(REFUSE), decide_refuse, true, AT_TASKS},
    {COMMAND(RULE), decide_rule, true, AT_TASKS},
    {COMMAND(EXTEND), decide_extend, true, AT_TASKS},
    {COMMAND(DECIDE_EXTENSION), decide_extension, true, AT_TASKS},
    {COMMAND(LEDGER), decide_ask_ledger, true, AT_TASKS},
    {COMMAND(DECIDE_LEDGER), decide_ledger, true, AT_TASKS},
    {COMMAND(CONFIRM), decide_confirm, false, AT_ANY},
    {COMMAND(RATE), decide_rate, true, AT_DISPATCHED},
    {COMMAND(REPLY_RATING), decide_reply, true, AT_DISPATCHED},
    {COMMAND(OPINION), decide_opinion, false, AT_DISPATCHED},
    {COMMAND(REOPEN), decide_reopen, false, AT_ANY},
    {COMMAND(WITHDRAW), decide_withdraw, false, AT_ANY},
    {COMMAND(ADD), decide_add, false, AT_OWN},
    {COMMAND(DELEGATE), decide_delegate, true, AT_TASKS},
    {COMMAND(RULE_CLOSE), decide_rule_close, false, AT_OWN},
};

enum wh_rule refuse(struct deciding *x, enum wh_rule rule, const char *field, const char *detail,
                    ...)
{
    struct decision *d = x->pen.d;
    va_list args;
    d->field = field;
    va_start(args, detail);
    (void)vsnprintf(d->detail, sizeof d->detail, detail, args);
    va_end(args);
    return rule;
}

// ---- who acts -----------------------------------------------------------------------------------
bool acts_as(const struct deciding *x, int32_t party)
{
    return party != 0 && x->pen.c->actor.party == party;
}

bool acts_as_district(const struct deciding *x)
{
    return x->pen.c->actor.roles & WH_ROLE_DISTRICT;
}

bool acts_as_side(const struct deciding *x)
{
    return whistle_side(x->pen.w, x->pen.c->district, x->pen.c->actor.party) >= 0;
}

bool acts_as_department(const struct deciding *x)
{
    return acts_as(x, x->task->department);
}

int64_t now_of(const struct deciding *x)
{
    return x->pen.c->now;
}

const struct wh_district *district_of(const struct deciding *x)
{
    return x->pen.c->district;
}

char *text_of(const char *text)
{
    return text == NULL ? (char *)protobuf_c_empty_string : (char *)(uintptr_t)text;
}

Whistle__V1__TaskAssigned *assignment(struct pen *p, int32_t department, uint8_t part)
{
    Whistle__V1__TaskAssigned *a = pen_message(p, &whistle__v1__task_assigned__descriptor);
    struct dues dues = clock_dues(p->c->district, p->w->times_set,
                                  (Whistle__V1__Priority)p->w->priority, p->c->now);
    a->department = pen_code(p, department);
    a->part = (Whistle__V1__Part)part;
    a->due_sign = dues.sign;
    a->due_checkin = dues.checkin;
    a->due_report = dues.report;
    a->due_resolve = dues.resolve;
    return a;
}

// ---- the runner ---------------------------------------------------------------------------------
static enum wh_rule check_stage(struct deciding *x, enum stage_needed needed)
{
    const struct whistle *w = x->pen.w;
    if (needed == AT_ANY || w->stage == STAGE_IN_TASKS)
        return WH_RULE_NONE;
    if (w->stage == STATE(MERGED) && (needed == AT_OWN || !whistle_has_tasks(w)))
        return refuse(x, WH_RULE_WHISTLE_MERGED, "", "it is joined to another whistle");
    if (w->stage == STATE(MERGED))
        return WH_RULE_NONE;
    if (!whistle_has_tasks(w))
        return refuse(x, WH_RULE_WHISTLE_NOT_DISPATCHED, "",
                      "the whistle waits before its dispatch");
    if (needed == AT_DISPATCHED && w->stage != STATE(CANCELLED))
        return WH_RULE_NONE;
    return refuse(x, WH_RULE_WHISTLE_ENDED, "", "the whistle has ended");
}

static enum wh_rule check_task(struct deciding *x, const struct verb *verb)
{
    x->task_id = (char *)protobuf_c_empty_string;
    if (!verb->on_task)
        return WH_RULE_NONE;
    x->task = whistle_task(x->pen.w, x->command->department);
    if (x->task == NULL)
        return refuse(x, WH_RULE_TASK_UNKNOWN, "task", "no such task on %s", x->pen.number);
    x->task_id = pen_task_id(&x->pen, x->task->department);
    return WH_RULE_NONE;
}

void tell_reported(struct pen *p, bool awaited)
{
    if (awaited || !whistle_awaits_confirm(p->w))
        return;
    tell_sides(p, &(struct message){.kind = NOTICE_CONFIRM, .due = p->w->confirm.due});
}

static enum wh_rule run(const struct verb *verb, const struct whistle *w,
                        const struct decision_context *context, const struct command *command,
                        struct decision *d)
{
    struct deciding x = {.command = command};
    pen_begin(&x.pen, context, w, w->number, d);
    bool awaited = whistle_awaits_confirm(w);
    enum wh_rule rule = check_stage(&x, verb->stage);
    if (rule == WH_RULE_NONE)
        rule = check_task(&x, verb);
    if (rule == WH_RULE_NONE)
        rule = verb->decide(&x);
    if (rule != WH_RULE_NONE) {
        d->n = 0;
        return rule;
    }
    tell_reported(&x.pen, awaited);
    int error = pen_end(&x.pen);
    return error == 0 ? WH_RULE_NONE : error == WH_E_NOMEM ? WH_RULE_TOO_LARGE : WH_RULE_INTERNAL;
}

enum wh_rule decide(uint32_t what, const struct whistle *w, const struct decision_context *context,
                    const struct command *command, struct decision *d)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].what != what)
            continue;
        if (w != NULL)
            return run(&verbs[i], w, context, command, d);
        d->field = verbs[i].on_task ? "task" : "number";
        return WH_RULE_WHISTLE_UNKNOWN;
    }
    return WH_RULE_MESSAGE_MALFORMED;
}
