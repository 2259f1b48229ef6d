// SPDX-License-Identifier: Apache-2.0
// Due times: what the service times say from a given start, and what may move them. Every due time
// is a function of the task's dispatch, its priority, the calendar, approved extensions, an
// approved ledger and the time it stood reported (P2 to P4): nothing else. Sources: domain,
// "Clocks, exactly".
#ifndef WH_DISPATCH_CLOCK_H
#define WH_DISPATCH_CLOCK_H

#include "base/calendar.h"
#include "dispatch/whistle.h"

struct dues {
    int64_t sign, checkin, report, resolve; // ms UTC
};

// The row of service times; a set without this priority falls back to "normal". NULL where even
// that is missing (a validated district has all four).
const struct wh_times *clock_times(const struct wh_district *district, const char *set,
                                   Whistle__V1__Priority priority);
// Due times of a task dispatched (or reopened) at `from`.
struct dues clock_dues(const struct wh_district *district, const char *set,
                       Whistle__V1__Priority priority, int64_t from);
// from + span, with P3 and P4 ends on non-working days moved to the next closing time.
int64_t clock_after(const struct wh_district *district, Whistle__V1__Priority priority,
                    int64_t from, struct wh_span span);
// A change of priority at `now`: anew from the dispatch, never earlier than now + sign time.
struct dues clock_reprioritised(const struct wh_district *district, const char *set,
                                const struct task *t, Whistle__V1__Priority to, int64_t now);
// due_resolve of a task whose report is rejected at `now`: P2 to P4 get back the time it stood.
int64_t clock_rework(const struct wh_district *district, const struct whistle *w,
                     const struct task *t, int64_t now);
// due_report after a PROGRESS report at `now`; 0 where none follows.
int64_t clock_next_report(const struct wh_district *district, const struct whistle *w, int64_t now);
int64_t clock_ruling(const struct wh_district *district, const struct whistle *w, int64_t now);
int64_t clock_confirm(const struct wh_district *district, const struct whistle *w, int64_t now);
int64_t clock_ledger_review(const struct wh_district *district, const struct whistle *w,
                            int64_t now);
int64_t clock_ledger_max(const struct wh_district *district, const struct whistle *w,
                         const struct task *t);
// When level 1 to 4 of a clock comes: SIGN by the table, the others at 100, 125, 150, 200 % of its
// length. 0 where it never comes.
int64_t clock_level_at(const struct wh_district *district, const struct whistle *w,
                       const struct task *t, enum clock clock, int level);
// When `percent` of a clock's length has passed.
int64_t clock_percent_at(const struct task_clock *clock, int percent);

#endif
