// SPDX-License-Identifier: Apache-2.0
// Looking at a whistle: lookups, the derived state, who its raising sides are, ids.
#include "dispatch/whistle.h"

#include <string.h>

#include "base/error.h"
#include "dispatch/words.h"

size_t whistle_size(const struct whistle *w)
{
    return sizeof *w + w->n_tasks * sizeof w->tasks[0];
}

static bool task_valid(const struct task *t)
{
    return t->state >= TASK(PENDING) && t->state <= TASK(CANCELLED) && t->part >= PART(LEAD) &&
           t->part <= PART(SUPPORT) && t->outcome <= OUTCOME(NOT_OURS) && t->department > 0;
}

bool whistle_valid(const void *data, size_t n)
{
    const struct whistle *w = data;
    if (n < sizeof *w || w->n_tasks > TASKS_MAX || n != whistle_size(w) || w->number <= 0 ||
        w->n_joint > JOINT_MAX || w->stage < STATE(SUBMITTED) || w->stage > STATE(RULED_CLOSED) ||
        w->priority > PRIORITY(P4) || w->joined_stage > STATE(RULED_CLOSED) ||
        memchr(w->title, 0, TITLE_MAX) == NULL || memchr(w->category, 0, CATEGORY_MAX) == NULL ||
        memchr(w->times_set, 0, sizeof w->times_set) == NULL)
        return false;
    for (size_t i = 0; i < w->n_tasks; i++)
        if (!task_valid(&w->tasks[i]))
            return false;
    return true;
}

void whistle_copy(struct whistle_room *to, const struct whistle *from)
{
    if (from == NULL)
        memset(to, 0, sizeof(struct whistle));
    else
        memcpy(to, from, whistle_size(from));
}

// ---- tasks --------------------------------------------------------------------------------------
const struct task *whistle_task(const struct whistle *w, int32_t department)
{
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].department == department)
            return &w->tasks[i];
    return NULL;
}

bool task_is_live(const struct task *t)
{
    return t->state != TASK(CANCELLED);
}

bool task_is_open(const struct task *t)
{
    return t->state != TASK(CANCELLED) && t->state != TASK(CONFIRMED);
}

bool task_is_reported(const struct task *t)
{
    return t->state == TASK(REPORTED) || t->state == TASK(CONFIRMED);
}

bool task_is_arrived(const struct task *t)
{
    return t->checked_in_at != 0;
}

uint8_t task_before_join(const struct task *t)
{
    return (uint8_t)((t->flags & TASK_BEFORE) >> TASK_BEFORE_SHIFT);
}

const struct task *whistle_lead(const struct whistle *w)
{
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].part == PART(LEAD) && task_is_live(&w->tasks[i]))
            return &w->tasks[i];
    return NULL;
}

// ---- state --------------------------------------------------------------------------------------
// What the tasks amount to: counts over the live ones.
struct sums {
    size_t live, arrived, reported, confirmed, unfinished, on_ledger;
    bool lead_on_ledger;
};

static struct sums sum_up(const struct whistle *w)
{
    struct sums s = {0};
    for (size_t i = 0; i < w->n_tasks; i++) {
        const struct task *t = &w->tasks[i];
        if (!task_is_live(t))
            continue;
        bool on_ledger = t->flags & TASK_ON_LEDGER;
        s.live++;
        s.arrived += task_is_arrived(t);
        s.reported += t->state == TASK(REPORTED);
        s.confirmed += t->state == TASK(CONFIRMED);
        s.unfinished += !task_is_reported(t);
        s.on_ledger += on_ledger;
        s.lead_on_ledger = s.lead_on_ledger || (on_ledger && t->part == PART(LEAD));
    }
    return s;
}

Whistle__V1__WhistleState whistle_state(const struct whistle *w)
{
    if (w->stage != STAGE_IN_TASKS)
        return (Whistle__V1__WhistleState)w->stage;
    struct sums s = sum_up(w);
    if (s.live > 0 && s.unfinished == 0)
        return s.reported > 0 ? STATE(REPORTED) : STATE(RESOLVED);
    if (s.lead_on_ledger || (s.on_ledger > 0 && s.on_ledger == s.unfinished))
        return STATE(ON_LEDGER);
    return s.arrived > 0 || s.reported + s.confirmed > 0 ? STATE(ACTIVE) : STATE(DISPATCHED);
}

bool whistle_in_work(const struct whistle *w)
{
    return w->stage == STAGE_IN_TASKS || w->stage == STATE(MERGED);
}

bool whistle_awaits_confirm(const struct whistle *w)
{
    if (!whistle_in_work(w))
        return false;
    struct sums s = sum_up(w);
    return s.live > 0 && s.unfinished == 0 && s.reported > 0;
}

bool whistle_takes_joins(const struct whistle *w)
{
    return w->stage >= STATE(BLOWN) && w->stage != STATE(CANCELLED) &&
           w->stage != STATE(RULED_CLOSED);
}

bool whistle_takes_join(const struct whistle *w, bool reopens)
{
    bool resolved = w->stage == STATE(RESOLVED) || w->stage == STATE(CLOSED);
    return whistle_takes_joins(w) && (reopens || !resolved);
}

// A joined one is open as long as a task of it goes on.
static bool has_open_task(const struct whistle *w)
{
    for (size_t i = 0; i < w->n_tasks; i++)
        if (task_is_open(&w->tasks[i]))
            return true;
    return false;
}

bool whistle_is_open(const struct whistle *w)
{
    if (w->stage == STATE(MERGED))
        return has_open_task(w);
    return w->stage != STATE(RESOLVED) && w->stage != STATE(CLOSED) &&
           w->stage != STATE(CANCELLED) && w->stage != STATE(RULED_CLOSED);
}

bool whistle_has_tasks(const struct whistle *w)
{
    return w->n_tasks > 0;
}

// ---- the raising sides --------------------------------------------------------------------------
int32_t whistle_side_of(const struct wh_district *district, int32_t party)
{
    const struct wh_unit *unit = wh_district_unit_by_id(district, party);
    if (unit == NULL || unit->street == 0)
        return party;
    return unit->street;
}

size_t whistle_sides(const struct whistle *w, const struct wh_district *district,
                     int32_t ret_sides[1 + JOINT_MAX])
{
    size_t n = 0;
    for (int i = -1; i < w->n_joint; i++) {
        int32_t side = whistle_side_of(district, i < 0 ? w->unit : w->joint[i]);
        bool known = side == 0;
        for (size_t k = 0; k < n; k++)
            known = known || ret_sides[k] == side;
        if (!known)
            ret_sides[n++] = side;
    }
    return n;
}

int whistle_side(const struct whistle *w, const struct wh_district *district, int32_t party)
{
    int32_t sides[1 + JOINT_MAX];
    size_t n = whistle_sides(w, district, sides);
    for (size_t i = 0; i < n; i++)
        if (sides[i] == party && party != 0)
            return (int)i;
    return -1;
}

// ---- clocks as they stand -----------------------------------------------------------------------
enum clock clock_index(Whistle__V1__Clock clock)
{
    switch (clock) {
    case CLOCK(CHECKIN):
        return CLOCK_CHECKIN;
    case CLOCK(REPORT):
        return CLOCK_REPORT;
    case CLOCK(RESOLVE):
        return CLOCK_RESOLVE;
    case CLOCK(RULING):
        return CLOCK_RULING;
    case CLOCK(LEDGER):
        return CLOCK_LEDGER;
    default:
        return CLOCK_SIGN;
    }
}

Whistle__V1__Clock clock_proto(enum clock clock)
{
    static const Whistle__V1__Clock clocks[CLOCKS] = {
        CLOCK(SIGN), CLOCK(CHECKIN), CLOCK(REPORT), CLOCK(RESOLVE), CLOCK(RULING), CLOCK(LEDGER)};
    return clocks[clock];
}

bool task_clock_runs(const struct whistle *w, const struct task *t, enum clock clock)
{
    if (!whistle_in_work(w) || t->clocks[clock].due == 0 || !task_is_open(t))
        return false;
    bool reported = t->state == TASK(REPORTED);
    switch (clock) {
    case CLOCK_SIGN: // met by signing, checking in or a refusal
        return t->signed_at == 0 && t->checked_in_at == 0 && !(t->flags & TASK_REFUSED) &&
               !reported;
    case CLOCK_CHECKIN:
        return t->checked_in_at == 0 && !reported;
    case CLOCK_REPORT: // the first report of any outcome since it was set
        return !reported && t->feedback_at == 0;
    case CLOCK_RESOLVE:
        return !reported;
    case CLOCK_RULING:
        return t->state == TASK(DISPUTED);
    case CLOCK_LEDGER:
        return (t->flags & TASK_ON_LEDGER) && !reported;
    }
    return false;
}

unsigned task_overdue(const struct whistle *w, const struct task *t, int64_t now)
{
    unsigned bits = 0;
    for (int c = CLOCK_SIGN; c <= CLOCK_RESOLVE; c++)
        if (task_clock_runs(w, t, (enum clock)c) && t->clocks[c].due <= now)
            bits |= 1U << c;
    int64_t resolve = t->clocks[CLOCK_RESOLVE].due;
    if (t->state == TASK(REPORTED) && resolve != 0 && t->reported_at > resolve)
        bits |= 1U << CLOCK_RESOLVE;
    return bits;
}

int task_escalation(const struct whistle *w, const struct task *t)
{
    int level = 0;
    if (!task_is_open(t))
        return 0;
    if (t->flags & TASK_SUPERVISED)
        return 4;
    for (int c = 0; c < CLOCKS; c++)
        if (task_clock_runs(w, t, (enum clock)c) && t->clocks[c].level > level)
            level = t->clocks[c].level;
    return level;
}

int64_t whistle_due_resolve(const struct whistle *w)
{
    const struct task *lead = whistle_lead(w);
    int64_t latest = 0;
    if (lead != NULL)
        return lead->clocks[CLOCK_RESOLVE].due;
    for (size_t i = 0; i < w->n_tasks; i++)
        if (w->tasks[i].clocks[CLOCK_RESOLVE].due > latest)
            latest = w->tasks[i].clocks[CLOCK_RESOLVE].due;
    return latest;
}

// FNV-1a (Fowler, Noll, Vo), 64 bits.
uint64_t person_hash(const char *identity, const char *officer)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = identity; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    h = (h ^ '/') * UINT64_C(0x100000001b3);
    for (const char *p = officer; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return h == 0 ? 1 : h;
}

// ---- ids ----------------------------------------------------------------------------------------
void whistle_number_format(const struct whistle *w, const struct wh_district *district,
                           char ret_number[WH_NUMBER_MAX])
{
    if (wh_number_format(wh_district_prefix(district), w->number, ret_number) < 0)
        ret_number[0] = '\0';
}

void task_id_format(const struct whistle *w, const struct wh_district *district, int32_t department,
                    char ret_id[WH_TASK_ID_MAX])
{
    char number[WH_NUMBER_MAX];
    const char *code = wh_district_code(district, department);
    whistle_number_format(w, district, number);
    if (code == NULL || wh_task_id_format(number, code, ret_id) < 0)
        ret_id[0] = '\0';
}

int whistle_number_parse(const struct wh_district *district, const char *text, int64_t *ret_number)
{
    char prefix[WH_PREFIX_MAX + 1];
    int64_t number;
    if (wh_number_parse(text, prefix, &number) < 0 ||
        strcmp(prefix, wh_district_prefix(district)) != 0)
        return WH_E_INVALID;
    *ret_number = number;
    return 0;
}

int task_id_parse(const struct wh_district *district, const char *id, int64_t *ret_number,
                  int32_t *ret_department)
{
    char department[WH_DEPARTMENT_MAX + 1], prefix[WH_PREFIX_MAX + 1];
    int64_t number;
    if (wh_task_id_parse(id, prefix, &number, department) < 0)
        return WH_E_INVALID;
    int32_t party = wh_district_id(district, department);
    if (party == 0 || strcmp(prefix, wh_district_prefix(district)) != 0)
        return WH_E_NOTFOUND;
    *ret_number = number;
    *ret_department = party;
    return 0;
}
