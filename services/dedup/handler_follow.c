// SPDX-License-Identifier: Apache-2.0
// What others say. Intake: everything about a whistle goes on in its order, a blown one with a
// verdict. Dispatch: how matters end and begin again, which is journaled here too, so that our
// state is the fold of our own journal. Timers: a held whistle's time is up, or memory is looked
// through.
#include "base/id.h"
#include "dedup/handler.h"
#include "whistle/v1/dispatch.pb-c.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define INTAKE(name) WHISTLE__V1__INTAKE_EVENT__WHAT_##name
#define DISPATCH(name) WHISTLE__V1__DISPATCH_EVENT__WHAT_##name
#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name
#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1
#define SWEEP_EVERY_MS 60000

static const Whistle__V1__IntakeEvent *intake_event(const struct wh_item *item)
{
    return (const Whistle__V1__IntakeEvent *)item->payload;
}

// Dispatch took everything up to there from intake itself.
static bool was_known_before(const struct dedup *state, const struct wh_item *item)
{
    return item->event->seq <= wh_setting_int(state->runtime, "known_upto");
}

// ---- intake -------------------------------------------------------------------------------------

static int adopt(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    Whistle__V1__DistrictAdopted *adopted = intake_event(item)->district_adopted;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    struct wh_district *district = NULL;
    if (adopted->district == NULL)
        return WH_E_INVALID;
    const struct wh_district *known = dedup_district(state);
    if (known != NULL && wh_district_version(known) >= adopted->district->version)
        return 0;
    int error = wh_district_new(adopted->district, &district);
    if (error != 0)
        return error;
    event.what_case = EVENT(DISTRICT_ADOPTED);
    event.district_adopted = adopted;
    int64_t seq = wh_turn_next_seq(turn);
    error = dedup_emit(state, turn, item, &(struct dedup_event){.event = &event, .urgent = true});
    if (error == 0)
        error = WH_PUT(turn, PUT_DISTRICT, WH_I(adopted->district->version), WH_L(seq));
    if (error != 0) {
        wh_district_free(district);
        return error;
    }
    wh_district_free(state->pending);
    state->pending = district;
    return 0;
}

// Of a joined whistle: which words of danger its matter hears for the first time.
static void add_danger(struct dedup *state, struct say *say, int64_t root,
                       const Whistle__V1__IntakeEvent *said,
                       Whistle__V1__IntakeForwarded *forwarded)
{
    struct danger danger;
    if (said->what_case != INTAKE(SUPPLEMENTED) || dedup_district(state) == NULL)
        return;
    raised_supplement(dedup_district(state), said->supplemented, &danger);
    say_new_danger(say, state->matters, root, &danger, &forwarded->n_danger, &forwarded->danger);
}

static int forward(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__IntakeForwarded forwarded = WHISTLE__V1__INTAKE_FORWARDED__INIT;
    struct say say = dedup_say(state, wh_turn_arena(turn));
    int64_t root = matters_root(state->matters, item->event->object);
    forwarded.event = (Whistle__V1__IntakeEvent *)(uintptr_t)intake_event(item);
    if (root != 0 && root != item->event->object) {
        forwarded.matter = say_number(&say, root);
        say_through(&say, state->matters, item->event->object, &forwarded.n_through,
                    &forwarded.through);
        add_danger(state, &say, root, intake_event(item), &forwarded);
    }
    event.what_case = EVENT(FORWARDED);
    event.forwarded = &forwarded;
    if (say.failed)
        return WH_E_NOMEM;
    state->told.forwarded++;
    return dedup_emit(
        state, turn, item,
        &(struct dedup_event){.event = &event, .object = item->event->object, .matter = root});
}

// A whistle dispatch had before: only what changes a verdict on others matters here.
static int known_before(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *said = intake_event(item);
    const struct standing *standing = matters_get(state->matters, item->event->object);
    if (said->what_case != INTAKE(PRIORITY_CHANGED) || standing == NULL ||
        standing->stage == STAGE_NONE || standing->priority == (uint8_t)said->priority_changed->to)
        return 0;
    struct standing changed = *standing;
    changed.priority = (uint8_t)said->priority_changed->to;
    int error = matters_put(state->matters, &changed);
    return error == 0 ? dedup_release(state, turn, item, changed.id, "UNCHECKED") : error;
}

// A held one waits no longer: it is P1 now, or a word of danger came to it.
static bool gets_urgent(const struct dedup *state, const Whistle__V1__IntakeEvent *said)
{
    struct danger danger = {0};
    if (said->what_case == INTAKE(PRIORITY_CHANGED))
        return said->priority_changed->to == P1;
    if (said->what_case == INTAKE(SUPPLEMENTED) && dedup_district(state) != NULL)
        raised_supplement(dedup_district(state), said->supplemented, &danger);
    return danger.n > 0;
}

static int take(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *said = intake_event(item);
    const struct standing *standing = matters_get(state->matters, item->event->object);
    if (said->what_case == INTAKE(DISTRICT_ADOPTED))
        return adopt(state, turn, item);
    if (said->what_case == INTAKE(BLOWN)) {
        if (said->blown->whistle == NULL || dedup_district(state) == NULL)
            return WH_E_INVALID;
        if (standing != NULL && standing->stage != STAGE_NONE)
            return 0; // it came by the other feed
        return dedup_judge(state, turn, item, said->blown);
    }
    if (was_known_before(state, item))
        return known_before(state, turn, item);
    bool waits = standing != NULL && standing->stage == STAGE_HELD;
    int error = forward(state, turn, item);
    if (error == 0 && waits && gets_urgent(state, said))
        error = dedup_release(state, turn, item, item->event->object, "URGENT");
    return error;
}

// A number older than the window may have a row though it is not in memory.
static bool is_cold(const struct dedup *state, struct wh_turn *turn, int64_t id)
{
    const int64_t day_ms = INT64_C(86400000);
    const struct wh_district *district = dedup_district(state);
    int64_t from = wh_turn_now(turn) - STORE_HOT_DAYS * day_ms;
    return district != NULL && wh_object_day(id) <= wh_district_day(district, from);
}

int need_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    const Whistle__V1__IntakeEvent *said = intake_event(item);
    int64_t id = item->event->object;
    const struct standing *standing = matters_get(state->matters, id);
    if (id == 0)
        return 0;
    bool changes =
        said->what_case == INTAKE(PRIORITY_CHANGED) || said->what_case == INTAKE(SUPPLEMENTED);
    if (changes &&
        ((standing != NULL && standing->stage == STAGE_HELD) || was_known_before(state, item)))
        return dedup_need_facts(state, turn, id);
    return standing == NULL && is_cold(state, turn, id) ? wh_need(turn, LOAD_MATTER, id) : 0;
}

int on_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    dedup_settle(state, turn);
    int error = take(state, turn, item);
    return error == 0 ? dedup_stand(state) : error;
}

// P1 by a way of its own: it waits behind no backlog. Only what was blown as it was raised, and the
// districts, so that a P1 meets the one it was raised under; everything else comes in its order.
static bool overtakes(const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *said = intake_event(item);
    if (said->what_case == INTAKE(DISTRICT_ADOPTED))
        return true;
    return said->what_case == INTAKE(BLOWN) && said->blown->whistle != NULL &&
           said->blown->whistle->priority == P1 &&
           said->blown->whistle->submitted_at == item->event->at;
}

int need_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? need_intake(arg, turn, item) : 0;
}

int on_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? on_intake(arg, turn, item) : 0;
}

// ---- dispatch -----------------------------------------------------------------------------------

// The state a whistle is in by this event, 0: it says nothing of that.
static Whistle__V1__WhistleState moved_to(const struct wh_item *item)
{
    const Whistle__V1__DispatchEvent *said = (const Whistle__V1__DispatchEvent *)item->payload;
    switch (said->what_case) {
    case DISPATCH(RESOLVED):
        return STATE(RESOLVED);
    case DISPATCH(ENDED):
        return said->ended->to;
    case DISPATCH(WITHDRAWN):
        return STATE(CANCELLED);
    case DISPATCH(REOPENED):
        return STATE(ACTIVE);
    default:
        return STATE(UNSPECIFIED);
    }
}

// Dispatch could not make this join; NULL: the event says something else.
static const Whistle__V1__WhistleParted *untaken(const struct wh_item *item)
{
    const Whistle__V1__DispatchEvent *said = (const Whistle__V1__DispatchEvent *)item->payload;
    return said->what_case == DISPATCH(PARTED) && said->parted->untaken ? said->parted : NULL;
}

int need_ends(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    int64_t id = item->event->object;
    if (untaken(item) != NULL) {
        int error = dedup_need_matter(state, turn, id);
        return error == 0 ? dedup_need_facts(state, turn, id) : error;
    }
    if (moved_to(item) == 0 || id == 0 || !is_cold(state, turn, id))
        return 0;
    return dedup_need_matter(state, turn, id);
}

// Where that join still stands (its event is what dispatch speaks of) it is taken back.
static int take_back(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    int64_t id = item->event->object;
    const Whistle__V1__Cause *cause = item->event->cause;
    if (cause == NULL || !ask_stands(state->matters, id, cause->seq))
        return 0;
    int error = dedup_split(state, turn, item, id, untaken(item)->reason, true);
    return error == 0 ? dedup_stand(state) : error;
}

int on_ends(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__MatterMoved moved = WHISTLE__V1__MATTER_MOVED__INIT;
    dedup_settle(state, turn);
    if (untaken(item) != NULL)
        return take_back(state, turn, item);
    struct say say = dedup_say(state, wh_turn_arena(turn));
    const struct standing *standing = matters_get(state->matters, item->event->object);
    moved.state = moved_to(item);
    if (moved.state == 0 || item->event->object == 0 ||
        (standing != NULL && standing->moved == (uint8_t)moved.state))
        return 0;
    moved.number = say_number(&say, item->event->object);
    moved.at = item->event->at;
    event.what_case = EVENT(MOVED);
    event.moved = &moved;
    int error =
        say.failed
            ? WH_E_NOMEM
            : dedup_emit(state, turn, item,
                         &(struct dedup_event){.event = &event, .object = item->event->object});
    return error == 0 ? dedup_stand(state) : error;
}

// ---- timers -------------------------------------------------------------------------------------

int need_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return item->key == DEDUP_TIMER_SWEEP ? 0 : dedup_need_facts(arg, turn, item->key);
}

int on_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    dedup_settle(state, turn);
    if (item->key == DEDUP_TIMER_SWEEP) {
        state->sweep = true;
        wh_timer_set(turn, item->key, wh_turn_now(turn) + SWEEP_EVERY_MS);
        return 0;
    }
    const struct standing *standing = matters_get(state->matters, item->key);
    if (standing == NULL || standing->stage != STAGE_HELD)
        return 0;
    if (standing->until_at > wh_turn_now(turn)) {
        wh_timer_set(turn, item->key, standing->until_at);
        return 0;
    }
    int error = dedup_release(state, turn, item, item->key, "WAITED");
    return error == 0 ? dedup_stand(state) : error;
}
