// SPDX-License-Identifier: Apache-2.0
// What the turn in hand knows of matters beside their whistles: who stands behind them, read from
// the tables for the turn that asks and kept up while it lives; and withdrawals of whistles that
// are not here yet, all of them in memory.
#include <string.h>

#include "base/time.h"
#include "client/frame.h"
#include "dispatch/dispatch.h"
#include "dispatch/handler_loads.h"
#include "dispatch/words.h"

#define HELD_ARENA ((size_t)4 << 20)

// ---- audiences ----------------------------------------------------------------------------------

int dispatch_need_audience(struct dispatch *state, struct wh_turn *turn, int64_t number)
{
    const struct whistle *w = dispatch_whistle(state, number);
    if (number <= 0 || number > state->highest || (w != NULL && !(w->flags & WHISTLE_MATTER))) {
        return 0;
    }
    return wh_need(turn, LOAD_AUDIENCE, number);
}

const struct audience *dispatch_audience(struct dispatch *state, int64_t number)
{
    return wh_shelf_get(state->audiences, number, NULL);
}

static void close_audience(struct dispatch *state)
{
    if (state->audience_key != 0) {
        wh_shelf_loaded(state->audiences, state->audience_key, &state->audience,
                        sizeof state->audience);
    }
    state->audience_key = 0;
}

// Rows: root, whistle, unit, street, asked_by, joint, departments with an open task.
void load_audience_row(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    struct audience *a = &state->audience;
    int64_t list[TASKS_MAX];
    if (wh_row_int(row, 0) != state->audience_key) {
        close_audience(state);
        memset(a, 0, sizeof *a);
        state->audience_key = wh_row_int(row, 0);
    }
    a->supporters++;
    for (int column = 2; column <= 4; column++) {
        audience_add_unit(a, (int32_t)wh_row_int(row, column));
    }
    size_t n = wh_row_ints(row, 5, list, TASKS_MAX);
    for (size_t i = 0; i < n; i++) {
        audience_add_unit(a, (int32_t)list[i]);
    }
    n = wh_row_ints(row, 6, list, TASKS_MAX);
    for (size_t i = 0; i < n; i++) {
        audience_add_department(a, (int32_t)list[i]);
    }
}

void load_audience_done(void *arg, const int64_t *keys, size_t n)
{
    (void)keys;
    (void)n;
    close_audience((struct dispatch *)arg);
}

static void add_whistle(struct audience *a, const struct whistle *w)
{
    a->supporters++;
    audience_add_unit(a, w->unit);
    audience_add_unit(a, w->street);
    audience_add_unit(a, w->asked_by);
    for (size_t i = 0; i < w->n_joint; i++) {
        audience_add_unit(a, w->joint[i]);
    }
    for (size_t i = 0; i < w->n_tasks; i++) {
        if (task_is_open(&w->tasks[i])) {
            audience_add_department(a, w->tasks[i].department);
        }
    }
}

int dispatch_audience_joins(struct dispatch *state, int64_t number, int64_t matter)
{
    const struct whistle *w = dispatch_whistle(state, number);
    const struct audience *own = dispatch_audience(state, number);
    const struct audience *was = dispatch_audience(state, matter);
    static const struct audience nobody;
    struct audience now = was == NULL ? nobody : *was;
    if (w != NULL) {
        add_whistle(&now, w);
    }
    for (uint32_t i = 0; own != NULL && i < own->n_units; i++) {
        audience_add_unit(&now, own->units[i]);
    }
    for (uint32_t i = 0; own != NULL && i < own->n_departments; i++) {
        audience_add_department(&now, own->departments[i]);
    }
    now.supporters += own == NULL ? 0 : own->supporters;
    return wh_shelf_put(state->audiences, matter, &now, sizeof now);
}

// ---- held ---------------------------------------------------------------------------------------

// Rows: whistle, body of the row that holds it back; the last one first.
void load_held_row(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    struct wh_arena arena;
    size_t n;
    const uint8_t *body = wh_row_bytes(row, 1, &n);
    wh_arena_init(&arena, HELD_ARENA);
    const Whistle__V1__Event *envelope =
        (const void *)wh_unpack_ample(&whistle__v1__event__descriptor, &arena, body, n, NULL);
    if (envelope != NULL) {
        wh_shelf_loaded(state->held, wh_row_int(row, 0), envelope->payload.data,
                        envelope->payload.len);
    }
    wh_arena_done(&arena);
}

const Whistle__V1__WhistleHeldBack *dispatch_held(struct dispatch *state, struct wh_turn *turn,
                                                  int64_t number)
{
    size_t n = 0;
    const void *data = wh_shelf_get(state->held, number, &n);
    const Whistle__V1__DispatchEvent *event =
        data == NULL ? NULL
                     : (const void *)wh_unpack_ample(&whistle__v1__dispatch_event__descriptor,
                                                     wh_turn_arena(turn), data, n, NULL);
    return event == NULL || event->what_case != EVENT(HELD) ? NULL : event->held;
}

// ---- withdrawn before it came -------------------------------------------------------------------

#define NOTED_BYTES ((size_t)16 << 20) // then no more are taken
#define NOTED_DAYS 60                  // a number's day lies no further back

const struct noted *dispatch_noted(struct dispatch *state, int64_t number)
{
    const struct noted *noted = wh_shelf_get(state->noted, number, NULL);
    return noted == NULL || noted->n == 0 ? NULL : noted;
}

static bool add_noted(struct noted *noted, int32_t by, int64_t seq, const char *reason, size_t n)
{
    if (noted->n == NOTED_MAX || n >= NOTED_REASON) {
        return false;
    }
    noted->by[noted->n] = by;
    noted->seq[noted->n] = seq;
    memcpy(noted->reason[noted->n], reason, n);
    noted->reason[noted->n++][n] = '\0';
    return true;
}

// Rows: whistle, party, seq, reason.
void rebuild_noted(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    static const struct noted nothing;
    int64_t number = wh_row_int(row, 0);
    const struct noted *was = wh_shelf_get(state->noted, number, NULL);
    struct noted now = was == NULL ? nothing : *was;
    size_t n;
    const char *reason = (const char *)wh_row_bytes(row, 3, &n);
    if (add_noted(&now, (int32_t)wh_row_int(row, 1), wh_row_int(row, 2), reason, n)) {
        wh_shelf_put(state->noted, number, &now, sizeof now);
    }
}

int dispatch_noted_done(struct dispatch *state, struct wh_turn *turn, int64_t number)
{
    const struct noted *noted = dispatch_noted(state, number);
    const struct whistle *w = dispatch_whistle(state, number);
    static const struct noted nothing;
    int error = 0;
    if (w == NULL || w->stage == STATE(SUBMITTED) || w->stage == STATE(RETURNED)) {
        return 0; // still to come
    }
    for (int32_t i = 0; i < noted->n && error == 0; i++) {
        error = WH_PUT(turn, PUT_HISTORY, WH_L(number), WH_L(noted->seq[i]));
    }
    if (error == 0) {
        error = WH_PUT(turn, PUT_NOTED_DONE, WH_L(number));
    }
    return error != 0 ? error : wh_shelf_put(state->noted, number, &nothing, sizeof nothing);
}

// May a whistle of this number still come?
static bool may_come(struct dispatch *state, struct wh_turn *turn, int64_t number)
{
    const struct wh_district *district = dispatch_district(state);
    int64_t now = wh_turn_now(turn);
    int32_t day = wh_object_day(number), today = wh_district_day(district, now);
    int32_t oldest = wh_district_day(district, now - NOTED_DAYS * WH_MS_DAY);
    return day >= oldest && day <= today && wh_shelf_bytes(state->noted) < NOTED_BYTES;
}

// What stands from now on, and its rows.
static int put_noted(struct dispatch *state, struct wh_turn *turn, int64_t number, int32_t by,
                     const char *reason)
{
    static const struct noted nothing;
    const struct noted *was = dispatch_noted(state, number);
    struct noted now = was == NULL ? nothing : *was;
    int64_t seq = wh_turn_next_seq(turn) - 1;
    int64_t oldest = wh_object_make(
        wh_district_day(dispatch_district(state), wh_turn_now(turn) - NOTED_DAYS * WH_MS_DAY), 1);
    if (!add_noted(&now, by, seq, reason, strlen(reason))) {
        return WH_E_INVALID;
    }
    int error = WH_PUT(turn, PUT_NOTED_OLD, WH_L(oldest));
    if (error == 0) {
        error = WH_PUT(turn, PUT_NOTED, WH_L(number), WH_I(by), WH_L(seq), WH_T(reason));
    }
    return error != 0 ? error : wh_shelf_put(state->noted, number, &now, sizeof now);
}

int dispatch_note_withdrawal(struct dispatch *state, struct wh_turn *turn,
                             const struct wh_item *item, int64_t number)
{
    const Whistle__V1__WithdrawWhistle *asked = (const void *)item->message;
    struct decision_context context = dispatch_context(state, turn, item);
    const struct noted *was = dispatch_noted(state, number);
    struct decision *d = &state->decision;
    for (int32_t i = 0; was != NULL && i < was->n; i++) {
        if (was->by[i] == context.actor.party) { // a repeat has no second effect
            wh_done(turn, item, asked->number, "NOTED");
            return 0;
        }
    }
    if (context.actor.party == 0 || (was != NULL && was->n == NOTED_MAX) ||
        !may_come(state, turn, number)) {
        return wh_refuse(turn, item, WH_RULE_WHISTLE_UNKNOWN, "number", NULL);
    }
    decision_init(d);
    int error = decide_noted(number, asked->reason, &context, d);
    if (error == 0) {
        error = dispatch_apply(state, turn, item, d, false);
    }
    return error != 0 ? error : put_noted(state, turn, number, context.actor.party, asked->reason);
}
