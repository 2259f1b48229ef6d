// SPDX-License-Identifier: Apache-2.0
// The fold. Separations and joins are of branches as they stand at that event.
#include "dedup/fold.h"

#include "base/id.h"
#include "dedup/raised.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define INTAKE(name) WHISTLE__V1__INTAKE_EVENT__WHAT_##name
#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name
#define TRY(step)         \
    do {                  \
        int error = step; \
        if (error != 0)   \
            return error; \
    } while (0)

struct folding {
    struct matters *matters;
    const struct wh_district *district;
    const Whistle__V1__Event *envelope;
};

int64_t fold_id(const char *number)
{
    int64_t id = 0;
    return wh_number_parse(number, NULL, &id) == 0 ? id : 0;
}

bool fold_has_ended(const struct standing *standing)
{
    switch (standing->moved) {
    case STATE(RESOLVED):
    case STATE(CLOSED):
    case STATE(CANCELLED):
    case STATE(RULED_CLOSED):
        return true;
    default:
        return standing->stage == STAGE_ENDED;
    }
}

bool fold_is_open(const struct standing *standing)
{
    return standing->stage == STAGE_HELD ||
           (standing->stage == STAGE_OUT && !fold_has_ended(standing));
}

// How the whistle of this event stands; what blew it, where it is new here.
static int standing_of(struct folding *f, const Whistle__V1__WhistleBlown *blown,
                       struct standing *ret)
{
    const struct standing *known = matters_get(f->matters, f->envelope->object);
    struct raised raised;
    if (known != NULL && known->stage != STAGE_NONE) {
        *ret = *known;
        return 0;
    }
    if (blown == NULL || blown->whistle == NULL || f->district == NULL)
        return WH_E_INVALID;
    raised_read(f->district, f->envelope->object, blown->whistle, &raised);
    raised.standing.seq = f->envelope->seq;
    raised.standing.told = f->envelope->cause != NULL ? f->envelope->cause->seq : 0;
    if (known != NULL) {
        raised.standing.moved = known->moved;
        raised.standing.resolved_at = known->resolved_at;
    }
    TRY(matters_put(f->matters, &raised.standing));
    if (raised.danger.n > 0)
        TRY(matters_danger(f->matters, raised.standing.id, raised.danger.hashes, raised.danger.n));
    *ret = raised.standing;
    return 0;
}

static void doubt(struct standing *standing, bool on)
{
    standing->flags =
        (uint8_t)(on ? standing->flags | REPORT_DOUBT : standing->flags & ~REPORT_DOUBT);
}

static int fold_cleared(struct folding *f, const Whistle__V1__WhistleCleared *cleared)
{
    struct standing s;
    TRY(standing_of(f, cleared->blown, &s));
    s.stage = STAGE_OUT;
    s.until_at = 0;
    if (cleared->blown != NULL && cleared->blown->whistle != NULL)
        s.priority = (uint8_t)cleared->blown->whistle->priority;
    doubt(&s, cleared->n_perhaps > 0);
    TRY(matters_put(f->matters, &s));
    for (size_t i = 0; i < cleared->n_apart; i++) {
        int64_t other = fold_id(cleared->apart[i]);
        if (matters_get(f->matters, other) != NULL)
            TRY(matters_set_apart(f->matters, s.id, other, true));
    }
    return 0;
}

static int fold_held(struct folding *f, const Whistle__V1__WhistleHeld *held)
{
    struct standing s;
    TRY(standing_of(f, held->blown, &s));
    s.stage = STAGE_HELD;
    s.until_at = held->until_at;
    doubt(&s, true);
    return matters_put(f->matters, &s);
}

// Who joins them all the same lifts every separation between the two.
static int lift_apart(struct matters *matters, int64_t child, int64_t parent)
{
    int64_t pair[2];
    while (matters_next_apart(matters, child, parent, pair))
        TRY(matters_set_apart(matters, pair[0], pair[1], false));
    return 0;
}

// raised: what it was before joins raised it, 0: this is no join's doing.
static int set_priority(struct folding *f, int64_t id, Whistle__V1__Priority to, int64_t raised)
{
    const struct standing *known = matters_get(f->matters, id);
    if (known == NULL || known->stage == STAGE_NONE)
        return 0;
    struct standing s = *known;
    s.priority = (uint8_t)to;
    s.raised = raised;
    return matters_put(f->matters, &s);
}

static int fold_merged(struct folding *f, const Whistle__V1__WhistleMerged *merged)
{
    struct standing s;
    int64_t into = fold_id(merged->into);
    uint8_t raised_from = 0;
    TRY(standing_of(f, merged->blown, &s));
    const struct standing *parent = matters_get(f->matters, into);
    if (parent == NULL)
        return WH_E_INVALID;
    s.stage = STAGE_JOINED;
    s.until_at = 0;
    doubt(&s, false);
    TRY(matters_put(f->matters, &s));
    TRY(lift_apart(f->matters, s.id, into));
    if (merged->raise_to != 0) {
        raised_from = parent->priority;
        int64_t own = parent->raised != 0 ? parent->raised : parent->priority;
        TRY(set_priority(f, into, merged->raise_to, own));
    }
    return matters_join(f->matters, s.id, into, f->envelope->seq, raised_from);
}

// Those between a branch that leaves and the root were raised by it perhaps: what they are without
// it. The root's own is the event's to say.
static int settle_above(struct folding *f, int64_t leaving, int64_t root)
{
    int64_t id = matters_parent(f->matters, leaving);
    for (; id != 0 && id != root; id = matters_parent(f->matters, id)) {
        const struct standing *above = matters_get(f->matters, id);
        uint8_t rest = matters_urgency(f->matters, id, leaving);
        if (above->raised == 0)
            continue;
        bool stays = rest != 0 && rest < above->raised;
        TRY(set_priority(f, id, stays ? rest : (Whistle__V1__Priority)above->raised,
                         stays ? above->raised : 0));
    }
    return 0;
}

static int fold_split(struct folding *f, const Whistle__V1__WhistleSplit *split)
{
    struct standing s;
    int64_t from = fold_id(split->from);
    TRY(standing_of(f, split->blown, &s));
    s.stage = STAGE_OUT;
    TRY(matters_put(f->matters, &s));
    TRY(settle_above(f, s.id, from));
    TRY(matters_split(f->matters, s.id));
    const struct standing *root = matters_get(f->matters, from);
    if (split->lower_to != 0 && root != NULL)
        TRY(set_priority(f, from, split->lower_to,
                         (int64_t)split->lower_to < root->raised ? root->raised : 0));
    return split->untaken ? 0 : matters_set_apart(f->matters, s.id, from, true);
}

static int fold_recurs(struct folding *f)
{
    const struct standing *known = matters_get(f->matters, f->envelope->object);
    if (known == NULL)
        return WH_E_INVALID;
    struct standing s = *known;
    doubt(&s, false);
    s.flags |= REPORT_RECURS;
    return matters_put(f->matters, &s);
}

static int fold_moved(struct folding *f, const Whistle__V1__MatterMoved *moved)
{
    const struct standing *known = matters_get(f->matters, f->envelope->object);
    struct standing s = known != NULL ? *known : (struct standing){.id = f->envelope->object};
    bool resolved = moved->state == STATE(RESOLVED) || moved->state == STATE(CLOSED) ||
                    moved->state == STATE(RULED_CLOSED);
    s.moved = (uint8_t)moved->state;
    if (!resolved)
        s.resolved_at = 0;
    else if (s.resolved_at == 0)
        s.resolved_at = moved->at;
    if (moved->state == STATE(CANCELLED) && s.stage == STAGE_HELD) {
        s.stage = STAGE_ENDED;
        s.until_at = 0;
    }
    if (fold_has_ended(&s))
        doubt(&s, false);
    return matters_put(f->matters, &s);
}

static int taken_back(struct folding *f)
{
    const struct standing *known = matters_get(f->matters, f->envelope->object);
    if (known == NULL || known->stage != STAGE_HELD)
        return 0;
    struct standing s = *known;
    s.stage = STAGE_ENDED;
    s.until_at = 0;
    doubt(&s, false);
    return matters_put(f->matters, &s);
}

static int supplemented(struct folding *f, const Whistle__V1__WhistleSupplemented *more)
{
    struct danger danger;
    if (f->district == NULL || matters_get(f->matters, f->envelope->object) == NULL)
        return 0;
    raised_supplement(f->district, more, &danger);
    if (danger.n == 0)
        return 0;
    return matters_danger(f->matters, f->envelope->object, danger.hashes, danger.n);
}

// What is joined takes its matter with it when it gets more urgent, as dispatch does.
static int reprioritised(struct folding *f, Whistle__V1__Priority to)
{
    int64_t id = f->envelope->object, root_id = matters_root(f->matters, id);
    const struct standing *root = matters_get(f->matters, root_id);
    TRY(set_priority(f, id, to, 0));
    if (root_id == id || root == NULL || root->priority <= (uint8_t)to || fold_has_ended(root))
        return 0;
    return set_priority(f, root_id, to, 0);
}

static int fold_forwarded(struct folding *f, const Whistle__V1__IntakeEvent *said)
{
    switch (said->what_case) {
    case INTAKE(PRIORITY_CHANGED):
        return reprioritised(f, said->priority_changed->to);
    case INTAKE(RETURNED):
    case INTAKE(SELF_HANDLED):
    case INTAKE(DROPPED):
        return taken_back(f);
    case INTAKE(SUPPLEMENTED):
        return supplemented(f, said->supplemented);
    default:
        return 0;
    }
}

int fold_event(struct matters *matters, const struct wh_district *district,
               const Whistle__V1__Event *envelope, const Whistle__V1__DedupEvent *event)
{
    struct folding f = {.matters = matters, .district = district, .envelope = envelope};
    switch (event->what_case) {
    case EVENT(FORWARDED):
        return event->forwarded->event == NULL ? 0 : fold_forwarded(&f, event->forwarded->event);
    case EVENT(CLEARED):
        return fold_cleared(&f, event->cleared);
    case EVENT(HELD):
        return fold_held(&f, event->held);
    case EVENT(MERGED):
        return fold_merged(&f, event->merged);
    case EVENT(SPLIT):
        return fold_split(&f, event->split);
    case EVENT(RECURS):
        return fold_recurs(&f);
    case EVENT(MOVED):
        return fold_moved(&f, event->moved);
    default:
        return 0;
    }
}
