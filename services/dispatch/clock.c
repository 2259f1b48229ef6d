// SPDX-License-Identifier: Apache-2.0
// Due times out of service times and calendar. Nothing here reads a clock or remembers anything.
#include "dispatch/clock.h"

#include "dispatch/words.h"

#define NEVER_SET(span) ((span).unit == WH_SPAN_NONE)

static struct wh_span elapsed(int64_t ms)
{
    return (struct wh_span){WH_SPAN_ELAPSED, ms};
}

const struct wh_times *clock_times(const struct wh_district *district, const char *set,
                                   Whistle__V1__Priority priority)
{
    const struct wh_times *times = wh_district_times(district, set, priority);
    return times != NULL ? times : wh_district_times(district, "normal", priority);
}

int64_t clock_after(const struct wh_district *district, Whistle__V1__Priority priority,
                    int64_t from, struct wh_span span)
{
    if (NEVER_SET(span))
        return 0;
    int64_t end =
        wh_calendar_add(wh_district_calendar(district), from, span, priority >= PRIORITY(P3));
    return end == WH_NEVER ? 0 : end;
}

struct dues clock_dues(const struct wh_district *district, const char *set,
                       Whistle__V1__Priority priority, int64_t from)
{
    const struct wh_times *times = clock_times(district, set, priority);
    if (times == NULL)
        return (struct dues){0};
    return (struct dues){
        .sign = clock_after(district, priority, from, times->sign),
        .checkin = clock_after(district, priority, from, times->checkin),
        .report = clock_after(district, priority, from, times->report),
        .resolve = clock_after(district, priority, from, times->resolve),
    };
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct dues clock_reprioritised(const struct wh_district *district, const char *set,
                                const struct task *t, Whistle__V1__Priority to, int64_t now)
{
    struct dues d = clock_dues(district, set, to, t->dispatched_at);
    const struct wh_times *times = clock_times(district, set, to);
    int64_t floor = times == NULL ? now : clock_after(district, to, now, times->sign);
    if (to != PRIORITY(P1))
        d.resolve += t->paused_ms;
    d.sign = later(d.sign, floor);
    d.checkin = later(d.checkin, floor);
    d.report = later(d.report, floor);
    d.resolve = later(later(d.resolve, t->extended_until), floor);
    return d;
}

int64_t clock_rework(const struct wh_district *district, const struct whistle *w,
                     const struct task *t, int64_t now)
{
    (void)district;
    int64_t due = t->clocks[CLOCK_RESOLVE].due;
    if (w->priority == PRIORITY(P1) || t->reported_at == 0 || now <= t->reported_at)
        return due;
    return due + (now - t->reported_at);
}

static const struct wh_times *times_of(const struct wh_district *district, const struct whistle *w)
{
    return clock_times(district, w->times_set, (Whistle__V1__Priority)w->priority);
}

// `given` from now on, or `otherwise` where the data leave it out.
static int64_t after_or(const struct wh_district *district, const struct whistle *w, int64_t now,
                        struct wh_span given, struct wh_span otherwise)
{
    return clock_after(district, (Whistle__V1__Priority)w->priority, now,
                       NEVER_SET(given) ? otherwise : given);
}

int64_t clock_next_report(const struct wh_district *district, const struct whistle *w, int64_t now)
{
    const struct wh_times *times = times_of(district, w);
    if (times == NULL || NEVER_SET(times->report_every))
        return 0;
    return clock_after(district, (Whistle__V1__Priority)w->priority, now, times->report_every);
}

int64_t clock_ruling(const struct wh_district *district, const struct whistle *w, int64_t now)
{
    const struct wh_times *times = times_of(district, w);
    struct wh_span usual = w->priority == PRIORITY(P1)   ? elapsed(30 * WH_MS_MINUTE)
                           : w->priority == PRIORITY(P2) ? elapsed(2 * WH_MS_HOUR)
                                                         : (struct wh_span){WH_SPAN_WORK_DAYS, 1};
    return after_or(district, w, now, times == NULL ? (struct wh_span){0} : times->ruling, usual);
}

int64_t clock_confirm(const struct wh_district *district, const struct whistle *w, int64_t now)
{
    const struct wh_times *times = times_of(district, w);
    return after_or(district, w, now, times == NULL ? (struct wh_span){0} : times->confirm,
                    (struct wh_span){WH_SPAN_WORK_DAYS, 2});
}

int64_t clock_ledger_review(const struct wh_district *district, const struct whistle *w,
                            int64_t now)
{
    const struct wh_times *times = times_of(district, w);
    return after_or(district, w, now, times == NULL ? (struct wh_span){0} : times->ledger_review,
                    (struct wh_span){WH_SPAN_CALENDAR_DAYS, 30});
}

int64_t clock_ledger_max(const struct wh_district *district, const struct whistle *w,
                         const struct task *t)
{
    const struct wh_times *times = times_of(district, w);
    return after_or(district, w, t->dispatched_at,
                    times == NULL ? (struct wh_span){0} : times->ledger_max,
                    (struct wh_span){WH_SPAN_CALENDAR_DAYS, 180});
}

int64_t clock_percent_at(const struct task_clock *clock, int percent)
{
    int64_t length = clock->due - clock->from;
    return clock->due == 0 ? 0 : clock->from + length * percent / 100;
}

int64_t clock_level_at(const struct wh_district *district, const struct whistle *w,
                       const struct task *t, enum clock clock, int level)
{
    static const int percents[] = {0, 100, 125, 150, 200};
    const struct task_clock *c = &t->clocks[clock];
    if (c->due == 0 || level < 1 || level > 4 || clock > CLOCK_RESOLVE)
        return 0;
    const struct wh_times *times = clock == CLOCK_SIGN ? times_of(district, w) : NULL;
    if (times != NULL && (size_t)level <= times->n_escalate)
        return clock_after(district, (Whistle__V1__Priority)w->priority, c->from,
                           times->escalate_unsigned[level - 1]);
    return clock_percent_at(c, percents[level]);
}
