// SPDX-License-Identifier: Apache-2.0
// More time: an extension (asked by the department, approved by the raising side or the district)
// and the pending ledger of P4 (asked by the department, approved and looked at monthly by the
// district).
#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

#define EXTENSION_MAX_MS (180 * INT64_C(86400000))

enum { CHOICE_LEDGER = 1, CHOICE_APPROVED = 2 };

static enum wh_rule asking(struct deciding *x)
{
    if (!acts_as_department(x))
        return refuse(x, WH_RULE_TASK_NOT_YOURS, "task", "the task is %s's",
                      pen_code(&x->pen, x->task->department));
    if (!task_is_open(x->task) || x->task->state == TASK(REPORTED))
        return refuse(x, WH_RULE_TASK_ENDED, "task", "%s is reported or has ended", x->task_id);
    return WH_RULE_NONE;
}

static void tell_department(struct deciding *x, int choice, int64_t due)
{
    tell(&x->pen, &(struct message){.kind = NOTICE_APPROVED,
                                    .department = x->task->department,
                                    .receiver = x->task->department,
                                    .choice = choice,
                                    .due = due});
}

enum wh_rule decide_extend(struct deciding *x)
{
    const struct task *t = x->task;
    int64_t due = t->clocks[CLOCK_RESOLVE].due, until = x->command->until_at;
    enum wh_rule rule = asking(x);
    if (rule != WH_RULE_NONE)
        return rule;
    if (t->flags & TASK_ON_LEDGER)
        return refuse(x, WH_RULE_TASK_EXTEND_LEDGER, "task", "%s is on the ledger", x->task_id);
    if (t->flags & TASK_EXTENSION_ASKED)
        return refuse(x, WH_RULE_TASK_EXTEND_PENDING, "task", "%s waits for its approver",
                      x->task_id);
    if (t->flags & TASK_LEDGER_ASKED)
        return refuse(x, WH_RULE_TASK_LEDGER_PENDING, "task", "%s waits for its approver",
                      x->task_id);
    if (now_of(x) >= due)
        return refuse(x, WH_RULE_TASK_EXTEND_LATE, "task", "due_resolve has passed");
    if (until <= due || until > due + EXTENSION_MAX_MS)
        return refuse(x, WH_RULE_TASK_EXTEND_UNTIL, "until_at", "later than due_resolve, please");
    if (x->command->reason == NULL || x->command->reason[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "reason", "say why");
    Whistle__V1__ExtensionAsked *e =
        pen_event(&x->pen, EVENT(EXTENSION_ASKED), &whistle__v1__extension_asked__descriptor);
    e->task = x->task_id;
    e->until_at = until;
    e->reason = text_of(x->command->reason);
    pen_emit(&x->pen);
    tell_sides(&x->pen, &(struct message){.kind = NOTICE_APPROVE, .department = t->department});
    return WH_RULE_NONE;
}

enum wh_rule decide_extension(struct deciding *x)
{
    const struct task *t = x->task;
    bool approved = x->command->choice == DECIDED(APPROVED);
    if (!acts_as_side(x) && !acts_as_district(x))
        return refuse(x, WH_RULE_RAISER_ONLY, "task", "the raising side or the district decides");
    if (!(t->flags & TASK_EXTENSION_ASKED))
        return refuse(x, WH_RULE_TASK_EXTEND_NONE, "task", "%s asked for none", x->task_id);
    if (x->command->choice == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "decision", "APPROVED or DENIED");
    Whistle__V1__ExtensionDecided *e =
        pen_event(&x->pen, EVENT(EXTENSION_DECIDED), &whistle__v1__extension_decided__descriptor);
    e->task = x->task_id;
    e->decision = approved ? DECIDED(APPROVED) : DECIDED(DENIED);
    e->reason = text_of(x->command->reason);
    e->due_resolve = approved ? t->asked_until : 0;
    pen_emit(&x->pen);
    tell_department(x, approved ? CHOICE_APPROVED : 0, e->due_resolve);
    return WH_RULE_NONE;
}

// ---- ledger -------------------------------------------------------------------------------------
static enum wh_rule check_ledger(struct deciding *x)
{
    const struct task *t = x->task;
    int64_t until = x->command->until_at;
    if (x->pen.w->priority != PRIORITY(P4))
        return refuse(x, WH_RULE_TASK_LEDGER_PRIORITY, "task", "%s is not P4", x->task_id);
    if (t->checked_in_at == 0)
        return refuse(x, WH_RULE_TASK_LEDGER_EARLY, "task", "%s is not checked in", x->task_id);
    if (t->flags & TASK_LEDGER_ASKED)
        return refuse(x, WH_RULE_TASK_LEDGER_PENDING, "task", "%s waits for its approver",
                      x->task_id);
    if (t->flags & TASK_EXTENSION_ASKED)
        return refuse(x, WH_RULE_TASK_EXTEND_PENDING, "task", "%s waits for its approver",
                      x->task_id);
    if (x->command->text == NULL || x->command->text[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "plan", "a plan, please");
    if (until <= now_of(x) || until <= t->clocks[CLOCK_RESOLVE].due ||
        until > clock_ledger_max(district_of(x), x->pen.w, t))
        return refuse(x, WH_RULE_TASK_LEDGER_UNTIL, "until_at", "a later date within the limit");
    return WH_RULE_NONE;
}

enum wh_rule decide_ask_ledger(struct deciding *x)
{
    enum wh_rule rule = asking(x);
    if (rule == WH_RULE_NONE)
        rule = check_ledger(x);
    if (rule != WH_RULE_NONE)
        return rule;
    Whistle__V1__LedgerAsked *e =
        pen_event(&x->pen, EVENT(LEDGER_ASKED), &whistle__v1__ledger_asked__descriptor);
    e->task = x->task_id;
    e->plan = text_of(x->command->text);
    e->until_at = x->command->until_at;
    pen_emit(&x->pen);
    tell(&x->pen, &(struct message){.kind = NOTICE_APPROVE,
                                    .department = x->task->department,
                                    .receiver = wh_district_id(district_of(x), BACKSTOP),
                                    .choice = CHOICE_LEDGER});
    return WH_RULE_NONE;
}

// A pending entry is decided, or one that stands is looked at: kept until the next look, or ended,
// and then the time that was left when it began runs again.
static void fill_ledger(struct deciding *x, Whistle__V1__LedgerDecided *e, bool approved)
{
    const struct task *t = x->task;
    bool pending = t->flags & TASK_LEDGER_ASKED;
    if (approved) {
        e->due_resolve = pending ? t->asked_until : t->clocks[CLOCK_RESOLVE].due;
        e->due_review = clock_ledger_review(district_of(x), x->pen.w, now_of(x));
    } else if (!pending) {
        e->due_resolve = now_of(x) + t->ledger_left;
    }
}

enum wh_rule decide_ledger(struct deciding *x)
{
    const struct task *t = x->task;
    bool approved = x->command->choice == DECIDED(APPROVED);
    if (!acts_as_district(x))
        return refuse(x, WH_RULE_ROLE_NOT_ALLOWED, "", "the district decides on the ledger");
    if (!(t->flags & (TASK_LEDGER_ASKED | TASK_ON_LEDGER)) || !task_is_open(t))
        return refuse(x, WH_RULE_TASK_LEDGER_NONE, "task", "%s has no entry", x->task_id);
    if (x->command->choice == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "decision", "APPROVED or DENIED");
    Whistle__V1__LedgerDecided *e =
        pen_event(&x->pen, EVENT(LEDGER_DECIDED), &whistle__v1__ledger_decided__descriptor);
    e->task = x->task_id;
    e->decision = approved ? DECIDED(APPROVED) : DECIDED(DENIED);
    e->reason = text_of(x->command->reason);
    fill_ledger(x, e, approved);
    pen_emit(&x->pen);
    tell_department(x, CHOICE_LEDGER | (approved ? CHOICE_APPROVED : 0), e->due_resolve);
    return WH_RULE_NONE;
}
