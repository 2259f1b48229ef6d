// SPDX-License-Identifier: Apache-2.0
// Intake's events and timers: from what came in to a decision of the rules. A timer's key is a
// whistle's number or, much smaller, the receiver of a queue.
#include "dispatch/dispatch.h"
#include "dispatch/escalate.h"
#include "dispatch/words.h"

#define TIMER_RETRY_MS 60000 // a timer that was due and brought nothing about must not spin

// ---- intake -------------------------------------------------------------------------------------

static const Whistle__V1__IntakeEvent *intake_event(const struct wh_item *item)
{
    return (const Whistle__V1__IntakeEvent *)item->payload;
}

int need_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    dispatch_need_whistle(arg, turn, item->event->object);
    return 0;
}

// Our own copy, so that our state is the fold of our own journal.
static int adopt(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item)
{
    Whistle__V1__DistrictAdopted *adopted = intake_event(item)->district_adopted;
    Whistle__V1__DispatchEvent event = WHISTLE__V1__DISPATCH_EVENT__INIT;
    struct wh_district *district;
    if (adopted->district == NULL) {
        return WH_E_INVALID;
    }
    const struct wh_district *known = dispatch_district(state);
    if (known != NULL && wh_district_version(known) >= adopted->district->version) {
        return 0;
    }
    int error = wh_district_new(adopted->district, &district);
    if (error != 0) {
        return error;
    }
    event.what_case = EVENT(DISTRICT_ADOPTED);
    event.district_adopted = adopted;
    int64_t seq = wh_turn_next_seq(turn);
    error = wh_emit(turn, item, 0, NULL, 0, &event.base, NULL);
    if (error == 0) {
        error = WH_PUT(turn, PUT_DISTRICT, WH_I(adopted->district->version), WH_L(seq));
    }
    if (error != 0) {
        wh_district_free(district);
        return error;
    }
    dispatch_pend_district(state, district);
    return 0;
}

int on_intake(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__IntakeEvent *event = intake_event(item);
    if (event->what_case == INTAKE(DISTRICT_ADOPTED)) {
        return adopt(state, turn, item);
    }
    if (dispatch_district(state) == NULL || item->event->object == 0) {
        return 0; // nothing of a whistle can come before the first district
    }
    struct decision_context context = dispatch_context(state, turn, item);
    struct decision *d = &state->decision;
    const struct whistle *w = dispatch_before(state, item->event->object);
    decision_init(d);
    int error = decide_intake(event, w, item->event->object, &context, d);
    bool had_tasks = w != NULL && whistle_has_tasks(w);
    error = error != 0 ? error : dispatch_apply(state, turn, item, d, w != NULL);
    if (error == 0 && !had_tasks && d->after != NULL && whistle_has_tasks(d->after)) {
        dispatch_fresh(state, item, d->after);
    }
    return error;
}

// ---- P1 by a way of its own: it waits behind no backlog -----------------------------------------
// Only what was blown as it was raised: nothing of it can come before, and when intake's feed
// brings it again it is known. The districts come this way too, so that a P1 meets the one it was
// raised under. Everything else waits for intake's feed, which has it in order.

static bool overtakes(const struct wh_item *item)
{
    const Whistle__V1__IntakeEvent *event = intake_event(item);
    if (event->what_case == INTAKE(DISTRICT_ADOPTED))
        return true;
    return event->what_case == INTAKE(BLOWN) && event->blown->whistle != NULL &&
           event->blown->whistle->submitted_at == item->event->at;
}

int need_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? need_intake(arg, turn, item) : 0;
}

int on_p1(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    return overtakes(item) ? on_intake(arg, turn, item) : 0;
}

// ---- timers: a whistle's number, or the receiver of a queue -------------------------------------

static const struct queue *queue_of(struct dispatch *state, int64_t key)
{
    return key <= INT32_MAX ? wh_shelf_get(state->queues, key, NULL) : NULL;
}

int need_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    if (item->key > INT32_MAX) {
        dispatch_need_whistle(state, turn, item->key);
        return 0;
    }
    const struct queue *q = queue_of(state, item->key);
    for (size_t i = 0; q != NULL && i < q->n; i++) {
        dispatch_need_whistle(state, turn, q->notices[i].number);
    }
    return 0;
}

int on_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    if (item->key <= INT32_MAX) {
        const struct queue *q = queue_of(state, item->key);
        return q == NULL || q->n == 0 ? 0 : dispatch_release(state, turn, item, q);
    }
    const struct whistle *w = dispatch_before(state, item->key);
    if (w == NULL || dispatch_district(state) == NULL) {
        return 0;
    }
    struct decision_context context = dispatch_context(state, turn, item);
    struct decision *d = &state->decision;
    decision_init(d);
    int error = decide_timer(w, &context, d);
    if (error == 0 && d->n > 0) {
        return dispatch_apply(state, turn, item, d, true);
    }
    int64_t next = next_timer(w, context.district);
    bool late = next != 0 && next <= context.now;
    wh_timer_set(turn, item->key, late ? context.now + TIMER_RETRY_MS : next);
    return error;
}
