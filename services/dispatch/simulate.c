// SPDX-License-Identifier: Apache-2.0
// The comparison of a whistle as it was and as it would have been, and the sums over all. How a
// whistle lives again: simulate_replay.c.
#include "dispatch/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "dispatch/simulate_replay.h"
#include "dispatch/words.h"

#define ARENA_WHISTLE ((size_t)16 << 20)
#define ARENA_LINES ((size_t)16 << 20)
#define DEPARTMENTS 1024

struct simulation {
    const struct wh_district *actual, *other;
    int64_t now;
    size_t max_lines;
    struct wh_arena one;  // of the whistle in hand
    struct wh_arena kept; // of the result
    struct replay *before, *after;
    Whistle__V1__SimulationResult result;
    Whistle__V1__SimulationTotal *totals[DEPARTMENTS];
    Whistle__V1__SimulationLine **lines;
};

int simulation_new(const struct wh_district *actual, const struct wh_district *other, int64_t now,
                   size_t lines, struct simulation **ret_simulation)
{
    struct simulation *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return WH_E_NOMEM;
    }
    s->actual = actual;
    s->other = other;
    s->now = now;
    s->max_lines = lines;
    wh_arena_init(&s->one, ARENA_WHISTLE);
    wh_arena_init(&s->kept, ARENA_LINES);
    s->result = (Whistle__V1__SimulationResult)WHISTLE__V1__SIMULATION_RESULT__INIT;
    s->lines = wh_arena_calloc(&s->kept, lines + 1, sizeof(Whistle__V1__SimulationLine *));
    s->before = calloc(1, sizeof *s->before);
    s->after = calloc(1, sizeof *s->after);
    if (s->lines == NULL || s->before == NULL || s->after == NULL) {
        simulation_free(s);
        return WH_E_NOMEM;
    }
    *ret_simulation = s;
    return 0;
}

void simulation_free(struct simulation *s)
{
    if (s == NULL) {
        return;
    }
    wh_arena_done(&s->one);
    wh_arena_done(&s->kept);
    free(s->before);
    free(s->after);
    free(s);
}

const Whistle__V1__SimulationResult *simulation_result(struct simulation *s)
{
    s->result.lines = s->lines;
    s->result.departments = s->totals;
    return &s->result;
}

// ---- sums ---------------------------------------------------------------------------------------

static char *keep(struct simulation *s, const char *text)
{
    char *copy = wh_arena_strdup(&s->kept, text == NULL ? "" : text);
    return copy == NULL ? (char *)protobuf_c_empty_string : copy;
}

// A department's sums; a scrap one past the memory's end.
static Whistle__V1__SimulationTotal *total_of(struct simulation *s, const char *code)
{
    static Whistle__V1__SimulationTotal scrap;
    for (size_t i = 0; i < s->result.n_departments; i++) {
        if (strcmp(s->totals[i]->department, code) == 0) {
            return s->totals[i];
        }
    }
    Whistle__V1__SimulationTotal *total = wh_arena_alloc(&s->kept, sizeof *total);
    if (total == NULL || s->result.n_departments == DEPARTMENTS) {
        return &scrap;
    }
    *total = (Whistle__V1__SimulationTotal)WHISTLE__V1__SIMULATION_TOTAL__INIT;
    total->department = keep(s, code);
    s->totals[s->result.n_departments++] = total;
    return total;
}

// ---- one whistle --------------------------------------------------------------------------------

// What differs; the line is NULL where no more are told one by one.
struct difference {
    bool any;
    Whistle__V1__SimulationLine *line;
};

static const char *code_of(const struct wh_district *district, int32_t party)
{
    const char *code = wh_district_code(district, party);
    return code == NULL ? "" : code;
}

static const char *lead_of(const struct wh_district *district, const struct whistle *w)
{
    const struct task *lead = whistle_lead(w);
    return lead == NULL ? "" : code_of(district, lead->department);
}

static void add_name(struct simulation *s, char ***list, size_t *n, const char *code)
{
    char **more = wh_arena_calloc(&s->kept, *n + 1, sizeof *more);
    if (more == NULL) {
        return;
    }
    if (*n > 0) {
        memcpy(more, *list, *n * sizeof *more);
    }
    more[(*n)++] = keep(s, code);
    *list = more;
}

static void add_due(struct simulation *s, struct difference *d, const struct task *was,
                    const struct task *is, enum clock clock, bool late_before, bool late_after)
{
    Whistle__V1__SimulationDue *due = wh_arena_alloc(&s->kept, sizeof *due);
    Whistle__V1__SimulationDue **more;
    if (d->line == NULL || due == NULL) {
        return;
    }
    *due = (Whistle__V1__SimulationDue)WHISTLE__V1__SIMULATION_DUE__INIT;
    due->department = keep(s, code_of(s->other, is->department));
    due->clock = clock_proto(clock);
    due->due_before = was->clocks[clock].due;
    due->due_after = is->clocks[clock].due;
    due->overdue_before = late_before;
    due->overdue_after = late_after;
    more = wh_arena_calloc(&s->kept, d->line->n_dues + 1, sizeof *more);
    if (more == NULL) {
        return;
    }
    if (d->line->n_dues > 0) {
        memcpy(more, d->line->dues, d->line->n_dues * sizeof *more);
    }
    more[d->line->n_dues++] = due;
    d->line->dues = more;
}

// A department called in both: its four clocks.
static void compare_task(struct simulation *s, struct difference *d, const struct task *was,
                         const struct task *is)
{
    unsigned before = task_overdue(&s->before->room.whistle, was, s->now);
    unsigned after = task_overdue(&s->after->room.whistle, is, s->now);
    Whistle__V1__SimulationTotal *total = total_of(s, code_of(s->other, is->department));
    for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++) {
        bool late_before = (before >> c & 1U) != 0, late_after = (after >> c & 1U) != 0;
        int64_t moved = is->clocks[c].due - was->clocks[c].due;
        s->result.dues_earlier += moved < 0;
        s->result.dues_later += moved > 0;
        s->result.overdue_before += late_before;
        s->result.overdue_after += late_after;
        total->overdue_before += late_before;
        total->overdue_after += late_after;
        if (moved != 0 || late_before != late_after) {
            d->any = true;
            add_due(s, d, was, is, (enum clock)c, late_before, late_after);
        }
    }
}

// Departments by their codes: a party's integer is the same in both districts, its name may be
// gone.
static void compare_tasks(struct simulation *s, struct difference *d)
{
    const struct whistle *was = &s->before->room.whistle, *is = &s->after->room.whistle;
    for (size_t i = 0; i < was->n_tasks; i++) {
        const struct task *now = whistle_task(is, was->tasks[i].department);
        const char *code = code_of(s->actual, was->tasks[i].department);
        total_of(s, code)->tasks_before++;
        if (now != NULL) {
            compare_task(s, d, &was->tasks[i], now);
            continue;
        }
        d->any = true;
        s->result.departments_dropped++;
        if (d->line != NULL) {
            add_name(s, &d->line->dropped, &d->line->n_dropped, code);
        }
    }
    for (size_t i = 0; i < is->n_tasks; i++) {
        const char *code = code_of(s->other, is->tasks[i].department);
        total_of(s, code)->tasks_after++;
        if (whistle_task(was, is->tasks[i].department) != NULL) {
            continue;
        }
        d->any = true;
        s->result.departments_added++;
        if (d->line != NULL) {
            add_name(s, &d->line->added, &d->line->n_added, code);
        }
    }
}

static Whistle__V1__SimulationLine *new_line(struct simulation *s)
{
    const struct whistle *w = &s->before->room.whistle;
    Whistle__V1__SimulationLine *line = wh_arena_alloc(&s->kept, sizeof *line);
    char number[WH_NUMBER_MAX];
    if (line == NULL || s->result.n_lines == s->max_lines) {
        return NULL;
    }
    *line = (Whistle__V1__SimulationLine)WHISTLE__V1__SIMULATION_LINE__INIT;
    whistle_number_format(w, s->actual, number);
    line->number = keep(s, number);
    line->category = keep(s, w->category);
    line->street = keep(s, code_of(s->actual, w->street));
    line->lead_before = keep(s, lead_of(s->actual, w));
    line->lead_after = keep(s, lead_of(s->other, &s->after->room.whistle));
    line->unrouted = s->after->unrouted ? keep(s, w->category) : line->unrouted;
    return line;
}

static void compare(struct simulation *s)
{
    struct difference d = {.line = new_line(s)};
    const char *lead_before = lead_of(s->actual, &s->before->room.whistle);
    const char *lead_after = lead_of(s->other, &s->after->room.whistle);
    bool lead_changed = strcmp(lead_before, lead_after) != 0;
    compare_tasks(s, &d);
    s->result.whistles++;
    s->result.leads_changed += lead_changed;
    s->result.unrouted += s->after->unrouted;
    if (!d.any && !lead_changed && !s->after->unrouted) {
        return;
    }
    s->result.changed++;
    if (d.line != NULL) {
        s->lines[s->result.n_lines++] = d.line;
    }
}

int simulation_add(struct simulation *s, const struct simulation_row *rows, size_t n)
{
    wh_arena_reset(&s->one);
    replay_begin(s->before, s->actual, &s->one);
    replay_begin(s->after, s->other, &s->one);
    for (size_t i = 0; i < n; i++) {
        int error = replay_row(s->before, s->after, rows[i].body, rows[i].n);
        if (error != 0) {
            return error;
        }
    }
    replay_until(s->after, s->now);
    if (s->before->room.whistle.dispatched_at != 0) {
        compare(s);
    }
    return 0;
}
