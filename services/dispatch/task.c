// SPDX-License-Identifier: Apache-2.0
// What a department does with its task: sign, check in, report, refuse, delegate; and the ruling of
// a refusal. Clocks run from the dispatch whatever the department does; a refusal stops none.
#include "dispatch/clock.h"
#include "dispatch/decide_internal.h"
#include "dispatch/words.h"

static enum wh_rule own_open_task(struct deciding *x)
{
    if (!acts_as_department(x))
        return refuse(x, WH_RULE_TASK_NOT_YOURS, "task", "the task is %s's",
                      pen_code(&x->pen, x->task->department));
    if (!task_is_open(x->task))
        return refuse(x, WH_RULE_TASK_ENDED, "task", "%s has ended", x->task_id);
    return WH_RULE_NONE;
}

enum wh_rule decide_sign(struct deciding *x)
{
    enum wh_rule rule = own_open_task(x);
    if (rule != WH_RULE_NONE)
        return rule;
    if (x->task->state == TASK(DISPUTED))
        return refuse(x, WH_RULE_TASK_SIGN_DISPUTED, "tasks", "%s is in dispute", x->task_id);
    if (x->task->state != TASK(PENDING) && x->task->state != TASK(DELIVERED))
        return WH_RULE_NONE; // signed before: a repeat has no second effect
    Whistle__V1__TaskSigned *e =
        pen_event(&x->pen, EVENT(SIGNED), &whistle__v1__task_signed__descriptor);
    e->task = x->task_id;
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}

// Own key, or on behalf by the whistle's street, a raising side or the district.
static enum wh_rule who_checks_in(struct deciding *x, int32_t *method)
{
    bool behalf = *method == METHOD(ON_BEHALF);
    if (acts_as_department(x)) {
        if (behalf || *method == 0)
            *method = METHOD(DESK);
        return WH_RULE_NONE;
    }
    bool may = acts_as_district(x) || acts_as_side(x) || acts_as(x, x->pen.w->street);
    if (may && behalf)
        return WH_RULE_NONE;
    return refuse(x, may ? WH_RULE_TASK_CHECKIN_BEHALF : WH_RULE_TASK_NOT_YOURS,
                  may ? "method" : "task", "the task is %s's",
                  pen_code(&x->pen, x->task->department));
}

enum wh_rule decide_check_in(struct deciding *x)
{
    int32_t method = x->command->choice;
    enum wh_rule rule = who_checks_in(x, &method);
    if (rule != WH_RULE_NONE)
        return rule;
    if (!task_is_open(x->task))
        return refuse(x, WH_RULE_TASK_ENDED, "task", "%s has ended", x->task_id);
    if (x->task->checked_in_at != 0)
        return WH_RULE_NONE; // a repeat, by whatever way, has no second effect
    Whistle__V1__TaskCheckedIn *e =
        pen_event(&x->pen, EVENT(CHECKED_IN), &whistle__v1__task_checked_in__descriptor);
    e->task = x->task_id;
    e->method = (Whistle__V1__CheckInMethod)method;
    e->place = (Whistle__V1__Place *)(uintptr_t)x->command->place;
    e->note = text_of(x->command->text);
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}

enum wh_rule decide_report(struct deciding *x)
{
    const struct task *t = x->task;
    bool progress = x->command->choice == OUTCOME(PROGRESS);
    enum wh_rule rule = own_open_task(x);
    if (rule != WH_RULE_NONE)
        return rule;
    if (x->command->choice < OUTCOME(PROGRESS) || x->command->choice > OUTCOME(NOT_OURS))
        return refuse(x, WH_RULE_FIELD_MISSING, "outcome", "say what came of it");
    if (t->checked_in_at == 0)
        return refuse(x, WH_RULE_TASK_REPORT_EARLY, "task", "%s is not checked in", x->task_id);
    if (t->state == TASK(REPORTED))
        return refuse(x, WH_RULE_TASK_REPORT_DONE, "task", "%s waits to be confirmed", x->task_id);
    if (t->state == TASK(DISPUTED) && !progress)
        return refuse(x, WH_RULE_TASK_REPORT_DISPUTED, "outcome", "a ruling is pending");
    Whistle__V1__TaskReported *e =
        pen_event(&x->pen, EVENT(REPORTED), &whistle__v1__task_reported__descriptor);
    e->task = x->task_id;
    e->outcome = (Whistle__V1__Outcome)x->command->choice;
    e->text = text_of(x->command->text);
    e->attachments = x->command->attachments;
    e->n_attachments = x->command->n_attachments;
    if (progress)
        e->due_report = clock_next_report(district_of(x), x->pen.w, now_of(x));
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}

static enum wh_rule check_refusal(struct deciding *x)
{
    const struct task *t = x->task;
    if (t->flags & TASK_REFUSED)
        return refuse(x, WH_RULE_TASK_REFUSE_ONCE, "task", "%s was refused before", x->task_id);
    if (t->checked_in_at != 0 || task_is_reported(t))
        return refuse(x, WH_RULE_TASK_REFUSE_LATE, "task", "%s is checked in", x->task_id);
    if (t->department == wh_district_id(district_of(x), BACKSTOP))
        return refuse(x, WH_RULE_TASK_REFUSE_BACKSTOP, "task", "the backstop cannot refuse");
    if (x->command->choice == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "reason", "say why");
    if (x->command->reason == NULL || x->command->reason[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "basis", "name the legal basis");
    int32_t other = x->command->party;
    if (other == 0 || other == t->department ||
        wh_district_party_by_id(district_of(x), other) == NULL ||
        whistle_side(x->pen.w, district_of(x), other) >= 0)
        return refuse(x, WH_RULE_TASK_REFUSE_ALTERNATIVE, "alternative", "name who should do it");
    return WH_RULE_NONE;
}

enum wh_rule decide_refuse(struct deciding *x)
{
    enum wh_rule rule = own_open_task(x);
    if (rule == WH_RULE_NONE)
        rule = check_refusal(x);
    if (rule != WH_RULE_NONE)
        return rule;
    int64_t due = clock_ruling(district_of(x), x->pen.w, now_of(x));
    Whistle__V1__TaskRefused *e =
        pen_event(&x->pen, EVENT(REFUSED), &whistle__v1__task_refused__descriptor);
    e->task = x->task_id;
    e->reason = (Whistle__V1__RefuseReason)x->command->choice;
    e->basis = text_of(x->command->reason);
    e->alternative = pen_code(&x->pen, x->command->party);
    e->text = text_of(x->command->text);
    e->late = now_of(x) > x->task->clocks[CLOCK_SIGN].due && x->task->signed_at == 0;
    e->due_ruling = due;
    pen_emit(&x->pen);
    tell(&x->pen, &(struct message){.kind = NOTICE_RULE,
                                    .department = x->task->department,
                                    .receiver = wh_district_id(district_of(x), BACKSTOP),
                                    .due = due});
    return WH_RULE_NONE;
}

// ---- the ruling ---------------------------------------------------------------------------------
static bool may_take_over(const struct deciding *x, int32_t department)
{
    const struct whistle *w = x->pen.w;
    const struct task *has = whistle_task(w, department);
    return department != 0 && department != x->task->department &&
           wh_district_party_by_id(district_of(x), department) != NULL &&
           whistle_side(w, district_of(x), department) < 0 &&
           (has == NULL ? w->n_tasks < TASKS_MAX : task_is_open(has));
}

// The new owner: a task from now on, or the live one it has, which takes over the lead.
static Whistle__V1__TaskAssigned *take_over(struct deciding *x, int32_t department)
{
    const struct task *has = whistle_task(x->pen.w, department);
    if (has == NULL)
        return assignment(&x->pen, department, x->task->part);
    Whistle__V1__TaskAssigned *a = pen_message(&x->pen, &whistle__v1__task_assigned__descriptor);
    a->department = pen_code(&x->pen, department);
    a->part = (Whistle__V1__Part)(x->task->part == PART(LEAD) ? PART(LEAD) : has->part);
    a->due_sign = has->clocks[CLOCK_SIGN].due;
    a->due_checkin = has->clocks[CLOCK_CHECKIN].due;
    a->due_report = has->clocks[CLOCK_REPORT].due;
    a->due_resolve = has->clocks[CLOCK_RESOLVE].due;
    return a;
}

static void tell_ruled(struct deciding *x, int32_t new_owner, bool is_new)
{
    struct pen *p = &x->pen;
    tell(p, &(struct message){.kind = NOTICE_RULED,
                              .department = x->task->department,
                              .receiver = x->task->department,
                              .other = new_owner,
                              .choice = new_owner == 0 ? 1 : 2});
    const struct task *owner = new_owner == 0 ? NULL : whistle_task(p->w, new_owner);
    if (owner != NULL)
        tell(p, &(struct message){.kind = is_new ? NOTICE_CALL : NOTICE_MORE,
                                  .department = new_owner,
                                  .receiver = new_owner,
                                  .due = is_new ? owner->clocks[CLOCK_CHECKIN].due : 0});
}

static enum wh_rule check_ruling(struct deciding *x)
{
    const struct task *t = x->task;
    if (!acts_as_district(x))
        return refuse(x, WH_RULE_ROLE_NOT_ALLOWED, "", "the district's dispatcher rules");
    if (t->flags & TASK_RULED)
        return refuse(x, WH_RULE_TASK_RULE_ONCE, "task", "%s is ruled", x->task_id);
    bool after_auto = (t->flags & TASK_RULED_AUTO) && task_is_open(t) && !task_is_reported(t);
    if (t->state != TASK(DISPUTED) && !after_auto)
        return refuse(x, WH_RULE_TASK_RULE_NONE, "task", "%s is not in dispute", x->task_id);
    if (x->command->choice == 0)
        return refuse(x, WH_RULE_FIELD_MISSING, "verdict", "UPHELD or OVERRULED");
    if (x->command->reason == NULL || x->command->reason[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "basis", "name the basis of the ruling");
    return WH_RULE_NONE;
}

enum wh_rule decide_rule(struct deciding *x)
{
    bool upheld = x->command->choice == RULED(UPHELD), is_new = false;
    int32_t owner = x->command->party != 0 ? x->command->party : x->task->alternative;
    enum wh_rule rule = check_ruling(x);
    if (rule != WH_RULE_NONE)
        return rule;
    if (upheld && !may_take_over(x, owner))
        return refuse(x, WH_RULE_TASK_RULE_DEPARTMENT, "department", "name another department");
    Whistle__V1__TaskRuled *e =
        pen_event(&x->pen, EVENT(RULED), &whistle__v1__task_ruled__descriptor);
    e->task = x->task_id;
    e->verdict = upheld ? RULED(UPHELD) : RULED(OVERRULED);
    e->basis = text_of(x->command->reason);
    if (upheld) {
        is_new = whistle_task(x->pen.w, owner) == NULL;
        e->assigned = take_over(x, owner);
    }
    pen_emit(&x->pen);
    tell_ruled(x, upheld ? owner : 0, is_new);
    return WH_RULE_NONE;
}

enum wh_rule decide_delegate(struct deciding *x)
{
    enum wh_rule rule = own_open_task(x);
    if (rule != WH_RULE_NONE)
        return rule;
    if (x->command->officer == NULL || x->command->officer[0] == '\0')
        return refuse(x, WH_RULE_FIELD_MISSING, "officer", "name the officer");
    Whistle__V1__TaskDelegated *e =
        pen_event(&x->pen, EVENT(DELEGATED), &whistle__v1__task_delegated__descriptor);
    e->task = x->task_id;
    e->officer = text_of(x->command->officer);
    e->note = text_of(x->command->text);
    pen_emit(&x->pen);
    return WH_RULE_NONE;
}
