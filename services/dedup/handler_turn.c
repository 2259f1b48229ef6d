// SPDX-License-Identifier: Apache-2.0
// From decisions to what is written: an event is emitted, folded into the forest, and every row
// that this changed is put. Nothing else changes the forest, so the tables are the fold of the
// journal.
//
// The forest and the index of fresh reports have logs of their own. What a refused or parked item
// had done is undone on the shelves by the runtime; so the shelf `marks` says how much of the logs
// stands, and before each item and each commit the logs are cut back to that.
#include <stdlib.h>
#include <string.h>

#include "dedup/handler.h"

#define MARK 1

struct mark {
    int64_t turn;
    size_t changes, made;
};

void dedup_settle(struct dedup *state, struct wh_turn *turn)
{
    size_t n = 0;
    struct mark mark = {0};
    const void *kept = wh_shelf_get(state->marks, MARK, &n);
    if (kept != NULL && n == sizeof mark)
        memcpy(&mark, kept, sizeof mark);
    if (mark.turn != state->turn)
        mark.changes = mark.made = 0;
    matters_undo(state->matters, mark.changes);
    reports_undo(&state->reports, mark.made);
    if (turn != NULL)
        state->now = wh_turn_now(turn);
}

int dedup_stand(struct dedup *state)
{
    struct mark mark = {.turn = state->turn,
                        .changes = matters_mark(state->matters),
                        .made = state->reports.n_made};
    return wh_shelf_put(state->marks, MARK, &mark, sizeof mark);
}

// ---- who hears of it ----------------------------------------------------------------------------

struct heard {
    size_t n;
    int32_t subjects[DEDUP_SUBJECTS_MAX];
};

static void hears(struct heard *heard, int32_t subject)
{
    size_t at = 0;
    while (at < heard->n && heard->subjects[at] < subject)
        at++;
    if (subject == 0 || heard->n == DEDUP_SUBJECTS_MAX ||
        (at < heard->n && heard->subjects[at] == subject))
        return;
    memmove(heard->subjects + at + 1, heard->subjects + at,
            (heard->n - at) * sizeof heard->subjects[0]);
    heard->subjects[at] = subject;
    heard->n++;
}

static void side_hears(struct heard *heard, const struct matters *matters, int64_t id)
{
    const struct standing *standing = matters_get(matters, id);
    if (standing == NULL)
        return;
    hears(heard, standing->unit);
    hears(heard, standing->street);
}

static void facts_hear(struct heard *heard, const struct wh_district *district,
                       const Whistle__V1__WhistleFacts *facts)
{
    hears(heard, wh_district_id(district, facts->unit));
    hears(heard, wh_district_id(district, facts->street));
    for (size_t i = 0; i < facts->n_joint_units; i++)
        hears(heard, wh_district_id(district, facts->joint_units[i]));
    for (size_t i = 0; i < facts->n_to; i++)
        hears(heard, wh_district_id(district, facts->to[i]));
}

static void who_hears(const struct dedup *state, const struct wh_item *item,
                      const struct dedup_event *event, struct heard *heard)
{
    bool same = item->kind == WH_ITEM_EVENT && item->event->object == event->object;
    heard->n = 0;
    if (event->urgent)
        hears(heard, SUBJECT_URGENT);
    side_hears(heard, state->matters, event->object);
    side_hears(heard, state->matters, event->matter);
    if (event->facts != NULL && dedup_district(state) != NULL)
        facts_hear(heard, dedup_district(state), event->facts);
    for (size_t i = 0; same && i < item->event->n_subjects; i++)
        if (item->event->subjects[i] >= WH_PARTY_FIRST)
            hears(heard, item->event->subjects[i]);
}

// ---- rows ---------------------------------------------------------------------------------------

static int put_standing(struct dedup *state, struct wh_turn *turn, int64_t id,
                        const struct dedup_event *event)
{
    size_t n = 0;
    const struct standing *standing = matters_get(state->matters, id);
    const uint64_t *danger = matters_danger_of(state->matters, id, &n);
    bool made = id == event->object && event->blob != NULL;
    if (!made || standing->stage == STAGE_HELD)
        wh_timer_set(turn, id, standing->stage == STAGE_HELD ? standing->until_at : 0);
    if (made)
        return store_put_report(turn, standing, danger, n, event->blob, event->n_blob);
    return store_put_standing(turn, standing, danger, n);
}

static int put_apart(struct dedup *state, struct wh_turn *turn, int64_t a, int64_t b, int64_t seq)
{
    bool holds = matters_are_apart_themselves(state->matters, a, b);
    return WH_PUT(turn, PUT_APART, WH_L(a < b ? a : b), WH_L(a < b ? b : a), WH_L(seq),
                  WH_L(holds ? 0 : seq));
}

static bool came_before(const struct matters *matters, size_t from, size_t i, int64_t id)
{
    for (size_t j = from; j < i; j++) {
        struct matters_change before = matters_change(matters, j);
        if (before.id == id && before.what <= MATTERS_STANDING)
            return true;
    }
    return false;
}

static int put_change(struct dedup *state, struct wh_turn *turn, size_t from, size_t i,
                      const struct dedup_event *event, int64_t seq)
{
    struct matters_change change = matters_change(state->matters, i);
    switch (change.what) {
    case MATTERS_NEW:
    case MATTERS_STANDING:
        if (came_before(state->matters, from, i, change.id))
            return 0;
        if (change.what == MATTERS_NEW && event->blob == NULL)
            return store_put_report(turn, matters_get(state->matters, change.id), NULL, 0, "", 0);
        return put_standing(state, turn, change.id, event);
    case MATTERS_JOINED:
        return WH_PUT(turn, PUT_JOIN, WH_L(change.id), WH_L(change.seq), WH_L(change.other),
                      WH_S(change.raised_from));
    case MATTERS_SPLIT:
        return WH_PUT(turn, PUT_PART, WH_L(change.id), WH_L(change.seq), WH_L(seq));
    case MATTERS_APART:
        return put_apart(state, turn, change.id, change.other, seq);
    }
    return WH_E_INVALID;
}

// What was raised is at hand for whoever speaks of the whistle next.
static int keep_facts(struct dedup *state, const struct dedup_event *event)
{
    uint8_t *bytes = NULL;
    if (event->blob == NULL)
        return 0;
    size_t n = protobuf_c_message_get_packed_size(&event->event->base);
    bytes = malloc(n);
    if (bytes == NULL)
        return WH_E_NOMEM;
    (void)protobuf_c_message_pack(&event->event->base, bytes);
    int error = wh_shelf_put(state->facts, event->object, bytes, n);
    free(bytes);
    return error;
}

int dedup_emit(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
               const struct dedup_event *event)
{
    Whistle__V1__Event envelope = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__Cause cause = WHISTLE__V1__CAUSE__INIT;
    size_t from = matters_mark(state->matters);
    struct heard heard;
    cause.seq = item->kind == WH_ITEM_EVENT ? item->event->seq : 0;
    envelope.object = event->object;
    envelope.seq = wh_turn_next_seq(turn);
    envelope.at = wh_turn_now(turn);
    envelope.cause = &cause;
    int error = fold_event(state->matters, dedup_district(state), &envelope, event->event);
    who_hears(state, item, event, &heard);
    if (error == 0)
        error =
            wh_emit(turn, item, event->object, heard.subjects, heard.n, &event->event->base, NULL);
    size_t upto = matters_mark(state->matters);
    for (size_t i = from; i < upto && error == 0; i++)
        error = put_change(state, turn, from, i, event, envelope.seq);
    return error == 0 ? keep_facts(state, event) : error;
}
