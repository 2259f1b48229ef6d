// SPDX-License-Identifier: Apache-2.0
// What happens next. The order of the questions is the order in which things must happen.
#include "dispatch/next.h"

#include "dispatch/words.h"

static struct next_step step(const char *action, int32_t by, int64_t at)
{
    return (struct next_step){action, by, at};
}

static int32_t backstop(const struct wh_district *district)
{
    return wh_district_id(district, BACKSTOP);
}

static int32_t first_side(const struct whistle *w, const struct wh_district *district)
{
    int32_t sides[1 + JOINT_MAX];
    size_t n = whistle_sides(w, district, sides);
    for (size_t i = 0; i < n; i++)
        if (!(w->confirmed & 1U << i))
            return sides[i];
    return n > 0 ? sides[0] : 0;
}

struct next_step next_of_task(const struct whistle *w, const struct wh_district *district,
                              const struct task *t)
{
    int32_t own = t->department;
    if (!task_is_open(t) || !whistle_in_work(w))
        return step("NONE", 0, 0);
    if (t->state == TASK(DISPUTED))
        return step("RULE", backstop(district), t->clocks[CLOCK_RULING].due);
    if (t->state == TASK(REPORTED))
        return step("CONFIRM", first_side(w, district), w->confirm.due);
    if (t->flags & TASK_EXTENSION_ASKED)
        return step("APPROVE_EXTENSION", first_side(w, district), t->clocks[CLOCK_RESOLVE].due);
    if (t->flags & TASK_LEDGER_ASKED)
        return step("APPROVE_LEDGER", backstop(district), t->clocks[CLOCK_RESOLVE].due);
    if (task_clock_runs(w, t, CLOCK_SIGN))
        return step("SIGN", own, t->clocks[CLOCK_SIGN].due);
    if (task_clock_runs(w, t, CLOCK_CHECKIN))
        return step("CHECK_IN", own, t->clocks[CLOCK_CHECKIN].due);
    if (t->flags & TASK_ON_LEDGER)
        return step("REVIEW_LEDGER", backstop(district), t->clocks[CLOCK_LEDGER].due);
    if (task_clock_runs(w, t, CLOCK_REPORT))
        return step("REPORT", own, t->clocks[CLOCK_REPORT].due);
    return step("REPORT", own, t->clocks[CLOCK_RESOLVE].due);
}

// Of all tasks the step that is due first; those waiting to be confirmed come after the others.
static struct next_step first_of_tasks(const struct whistle *w, const struct wh_district *district)
{
    struct next_step first = {0};
    for (size_t i = 0; i < w->n_tasks; i++) {
        const struct task *t = &w->tasks[i];
        if (!task_is_open(t) || t->state == TASK(REPORTED))
            continue;
        struct next_step s = next_of_task(w, district, t);
        if (first.action == NULL || (s.at != 0 && s.at < first.at))
            first = s;
    }
    return first.action == NULL ? step("CONFIRM", first_side(w, district), w->confirm.due) : first;
}

struct next_step next_of_whistle(const struct whistle *w, const struct wh_district *district)
{
    switch (w->stage) {
    case STATE(SUBMITTED):
        return step("REVIEW", w->street, w->due_review);
    case STATE(RETURNED):
        return step("SUPPLEMENT", w->unit, 0);
    case STATE(SELF):
        return step("CONFIRM", first_side(w, district), 0);
    case STATE(RESOLVED):
        return step("ARCHIVE", 0, w->resolved_at + 30 * INT64_C(86400000));
    case STATE(HELD):
        return step("DECIDE", w->street, w->held_until);
    case STATE(MERGED): // what goes on of its own; else look at the matter
        return whistle_is_open(w) ? first_of_tasks(w, district) : step("NONE", 0, 0);
    case STAGE_IN_TASKS:
        return first_of_tasks(w, district);
    default:
        return step("NONE", 0, 0);
    }
}
