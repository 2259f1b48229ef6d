// SPDX-License-Identifier: Apache-2.0
// Timers: from what is due to a decision of the rules. A timer's key is a whistle's number or, much
// smaller, the receiver of a queue.
#include "dispatch/dispatch.h"
#include "dispatch/escalate.h"
#include "dispatch/words.h"

#define TIMER_RETRY_MS 60000 // a timer that was due and brought nothing about must not spin

// ---- timers: a whistle's number, or the receiver of a queue -------------------------------------

static const struct queue *queue_of(struct dispatch *state, int64_t key)
{
    return key <= INT32_MAX ? wh_shelf_get(state->queues, key, NULL) : NULL;
}

int need_timer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    if (item->key > INT32_MAX) {
        const struct whistle *w = dispatch_whistle(state, item->key);
        dispatch_need_whistle(state, turn, item->key);
        int error = dispatch_need_audience(state, turn, item->key);
        bool perhaps_held = w == NULL || w->stage == STATE(HELD);
        return error != 0 || !perhaps_held ? error : wh_need(turn, LOAD_HELD, item->key);
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
    context.audience = dispatch_audience(state, item->key);
    struct decision *d = &state->decision;
    decision_init(d);
    const Whistle__V1__WhistleHeldBack *held =
        w->stage == STATE(HELD) ? dispatch_held(state, turn, item->key) : NULL;
    int error = held != NULL ? decide_unheld(w, held, &context, d) : decide_timer(w, &context, d);
    if (error == 0 && d->n > 0) {
        error = dispatch_apply(state, turn, item, d, true);
        if (held != NULL && error == 0) {
            dispatch_tally(state, d);
            dispatch_fresh(state, item->at, d->after);
        }
        return error;
    }
    int64_t next = next_timer(w, context.district);
    bool late = next != 0 && next <= context.now;
    wh_timer_set(turn, item->key, late ? context.now + TIMER_RETRY_MS : next);
    return error;
}
