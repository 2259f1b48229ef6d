// SPDX-License-Identifier: Apache-2.0
// What intake says: everything about a whistle goes on in its order, a blown one with a verdict.
// What intake alone needs (unsealings, erasures) goes on too: whoever follows dedup follows intake.
#include "dedup/handler.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define INTAKE(name) WHISTLE__V1__INTAKE_EVENT__WHAT_##name
#define SUBJECTS_MAX 96

static const Whistle__V1__IntakeEvent *intake_event(const struct wh_item *item)
{
    return (const Whistle__V1__IntakeEvent *)item->payload;
}

// A P1 that was blown as it was raised: nothing of it can come before.
static bool is_urgent(const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *event = intake_event(item);
    return event->what_case == INTAKE(BLOWN) && event->blown->whistle != NULL &&
           event->blown->whistle->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1 &&
           event->blown->whistle->submitted_at == item->event->at;
}

// Who heard of it from intake; SUBJECT_URGENT only for what overtakes.
static size_t subjects(const struct wh_item *item, int32_t ret_subjects[SUBJECTS_MAX])
{
    size_t n = 0;
    if (is_urgent(item) || intake_event(item)->what_case == INTAKE(DISTRICT_ADOPTED))
        ret_subjects[n++] = SUBJECT_URGENT;
    for (size_t i = 0; i < item->event->n_subjects && n < SUBJECTS_MAX; i++)
        if (item->event->subjects[i] >= WH_PARTY_FIRST)
            ret_subjects[n++] = item->event->subjects[i];
    return n;
}

static int emit(struct wh_turn *turn, const struct wh_item *item,
                const Whistle__V1__DedupEvent *event)
{
    int32_t heard[SUBJECTS_MAX];
    size_t n = subjects(item, heard);
    return wh_emit(turn, item, item->event->object, heard, n, &event->base, NULL);
}

// Our own copy, so that our state is the fold of our own journal.
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
    error = emit(turn, item, &event);
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

static int forward(struct wh_turn *turn, const struct wh_item *item)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__IntakeForwarded forwarded = WHISTLE__V1__INTAKE_FORWARDED__INIT;
    forwarded.event = (Whistle__V1__IntakeEvent *)(uintptr_t)intake_event(item);
    event.what_case = EVENT(FORWARDED);
    event.forwarded = &forwarded;
    return emit(turn, item, &event);
}

static int put_report(const struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                      int64_t seq)
{
    const Whistle__V1__WhistleFacts *facts = intake_event(item)->blown->whistle;
    const struct wh_district *district = dedup_district(state);
    return WH_PUT(turn, PUT_REPORT, WH_L(item->event->object), WH_L(item->event->at),
                  WH_L(item->event->seq), WH_L(seq), WH_L(0), WH_L(0), WH_L(0),
                  WH_I(wh_district_id(district, facts->unit)),
                  WH_I(wh_district_id(district, facts->street)), WH_S(2), WH_S(0),
                  WH_S(facts->priority), WH_S(0), WH_Z(true), WH_B("", 0), WH_B("", 0));
}

static int clear(struct dedup *state, struct wh_turn *turn, const struct wh_item *item)
{
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleCleared cleared = WHISTLE__V1__WHISTLE_CLEARED__INIT;
    static char score[] = "SCORE";
    cleared.blown = intake_event(item)->blown;
    cleared.why = score;
    event.what_case = EVENT(CLEARED);
    event.cleared = &cleared;
    int64_t seq = wh_turn_next_seq(turn);
    int error = emit(turn, item, &event);
    if (error == 0)
        error = put_report(state, turn, item, seq);
    if (error == 0)
        error = wh_shelf_put(state->reports, item->event->object, &item->event->seq,
                             sizeof item->event->seq);
    return error;
}

int need_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    if (intake_event(item)->what_case != INTAKE(BLOWN) ||
        wh_shelf_has(state->reports, item->event->object))
        return 0;
    return wh_need(turn, LOAD_REPORT, item->event->object);
}

int on_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    const Whistle__V1__IntakeEvent *event = intake_event(item);
    if (event->what_case == INTAKE(DISTRICT_ADOPTED))
        return adopt(state, turn, item);
    if (event->what_case != INTAKE(BLOWN))
        return forward(turn, item);
    if (event->blown->whistle == NULL || dedup_district(state) == NULL)
        return WH_E_INVALID;
    if (wh_shelf_has(state->reports, item->event->object))
        return 0; // it came by the other feed
    return clear(state, turn, item);
}

// ---- P1 by a way of its own: it waits behind no backlog -----------------------------------------

static bool overtakes(const struct wh_item *item)
{
    return intake_event(item)->what_case == INTAKE(DISTRICT_ADOPTED) || is_urgent(item);
}

int need_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? need_intake(arg, turn, item) : 0;
}

int on_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? on_intake(arg, turn, item) : 0;
}
