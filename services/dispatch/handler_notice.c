// SPDX-License-Identifier: Apache-2.0
// A sender says that a notice went out, or did not. The notice is looked up in the journal: a
// whistle's own by its history, a bundle's by its id. What was found lies in state->books for the
// turn that asked: a blob of records {length, answered, packed Notice}.
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "dispatch/dispatch.h"
#include "dispatch/handler_loads.h"
#include "dispatch/wire.h"
#include "dispatch/words.h"

struct record {
    uint32_t n;
    uint32_t answered;
    uint8_t packed[];
};

static size_t record_size(size_t n)
{
    return (sizeof(struct record) + n + 7) & ~(size_t)7;
}

static void book_add(struct dispatch *state, const Whistle__V1__Notice *notice, bool answered)
{
    size_t n = whistle__v1__notice__get_packed_size(notice);
    size_t need = state->book.n + record_size(n);
    if (need > state->book.cap) {
        size_t cap = need * 2;
        uint8_t *data = realloc(state->book.data, cap);
        if (data == NULL) {
            return; // the notice is then unknown to this turn
        }
        state->book.data = data;
        state->book.cap = cap;
    }
    struct record *record = (void *)(state->book.data + state->book.n);
    record->n = (uint32_t)n;
    record->answered = answered;
    whistle__v1__notice__pack(notice, record->packed);
    state->book.n = need;
}

static Whistle__V1__Notice *record_notice(const struct record *record)
{
    return whistle__v1__notice__unpack(NULL, record->n, record->packed);
}

// The record of this id in a book, NULL where there is none.
static const struct record *book_find(const void *data, size_t n, const char *id)
{
    for (size_t at = 0; at < n;) {
        const struct record *record = (const void *)((const uint8_t *)data + at);
        Whistle__V1__Notice *notice = record_notice(record);
        bool found = notice != NULL && strcmp(notice->id, id) == 0;
        if (notice != NULL) {
            whistle__v1__notice__free_unpacked(notice, NULL);
        }
        if (found) {
            return record;
        }
        at += record_size(record->n);
    }
    return NULL;
}

static void book_close(struct dispatch *state)
{
    if (state->book.key != 0) {
        wh_shelf_loaded(state->books, state->book.key, state->book.data, state->book.n);
    }
    state->book.key = 0;
    state->book.n = 0;
}

static void book_answered(struct dispatch *state, const char *id)
{
    struct record *record =
        (struct record *)(uintptr_t)book_find(state->book.data, state->book.n, id);
    if (record != NULL) {
        record->answered = 1;
    }
}

static void read_event(struct dispatch *state, const Whistle__V1__DispatchEvent *event,
                       const char *only)
{
    for (size_t i = 0; i < event->n_notices; i++) {
        if (only == NULL || strcmp(event->notices[i]->id, only) == 0) {
            book_add(state, event->notices[i], false);
        }
    }
    if (event->what_case == EVENT(NOTICE_SENT) || event->what_case == EVENT(NOTICE_FAILED)) {
        book_answered(state, event->notice_sent->id);
    }
}

static Whistle__V1__DispatchEvent *unpack_body(const uint8_t *body, size_t n)
{
    Whistle__V1__Event *envelope = whistle__v1__event__unpack(NULL, n, body);
    if (envelope == NULL) {
        return NULL;
    }
    Whistle__V1__DispatchEvent *event =
        whistle__v1__dispatch_event__unpack(NULL, envelope->payload.len, envelope->payload.data);
    whistle__v1__event__free_unpacked(envelope, NULL);
    return event;
}

static void read_body(struct dispatch *state, const struct wh_row *row, int column,
                      const char *only)
{
    size_t n;
    const uint8_t *body = wh_row_bytes(row, column, &n);
    Whistle__V1__DispatchEvent *event = unpack_body(body, n);
    if (event != NULL) {
        read_event(state, event, only);
        whistle__v1__dispatch_event__free_unpacked(event, NULL);
    }
}

// Rows: whistle, seq, kind, body.
void load_notices_row(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    int64_t key = wh_row_int(row, 0);
    if (key != state->book.key) {
        book_close(state);
        state->book.key = key;
    }
    read_body(state, row, 3, NULL);
}

void load_notices_done(void *arg, const int64_t *keys, size_t n)
{
    (void)keys;
    (void)n;
    book_close((struct dispatch *)arg);
}

// A bundle's place in the shelf: no whistle has a negative number.
static int64_t bundle_key(const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *at = id; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
    }
    return -(int64_t)(hash >> 1) - 1;
}

// Rows: id, seq, answered, body.
void load_bundle_row(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    char id[256];
    size_t n;
    const uint8_t *text = wh_row_bytes(row, 0, &n);
    n = n < sizeof id ? n : sizeof id - 1;
    memcpy(id, text, n);
    id[n] = '\0';
    book_close(state);
    state->book.key = bundle_key(id);
    read_body(state, row, 3, id);
    if (wh_row_int(row, 2) != 0) {
        book_answered(state, id);
    }
    book_close(state);
}

// ---- deciding -----------------------------------------------------------------------------------

static const Whistle__V1__NoticeOutcome *outcome_of(const struct wh_item *item)
{
    return (const Whistle__V1__NoticeOutcome *)item->message;
}

int need_notice_answer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    struct wire_fault fault;
    struct wire_target target;
    const char *id = outcome_of(item)->id;
    if (wire_check(item, &fault) != 0) {
        return 0;
    }
    if (wire_notice_target(id, &target) != 0) {
        return wh_need_bytes(turn, LOAD_BUNDLE, id, strlen(id));
    }
    dispatch_need_whistle(state, turn, target.whistle);
    return wh_need(turn, LOAD_NOTICES, target.whistle);
}

// The whole book again, with this one answered, in the overlay: a second answer in the same turn.
static int mark_answered(struct dispatch *state, struct wh_turn *turn, int64_t key, const char *id)
{
    size_t n;
    const void *data = wh_shelf_get(state->books, key, &n);
    void *copy = wh_arena_dup(wh_turn_arena(turn), data, n);
    if (copy == NULL) {
        return WH_E_NOMEM;
    }
    ((struct record *)(uintptr_t)book_find(copy, n, id))->answered = 1;
    return wh_shelf_put(state->books, key, copy, n);
}

// Delivered is what a sent notice makes of a task: for a whistle's notice its own, for a bundle
// those of all whistles it names.
static int put_told(struct dispatch *state, struct wh_turn *turn, const Whistle__V1__Notice *notice)
{
    int32_t receiver = wh_district_id(dispatch_district(state), notice->receiver);
    int error = 0;
    for (size_t i = 0; i < notice->n_numbers && error == 0; i++) {
        struct wire_target target;
        if (receiver != 0 && wire_parse(notice->numbers[i], &target) == 0) {
            error = WH_PUT(turn, PUT_TOLD, WH_L(target.whistle), WH_I(receiver));
        }
    }
    return error;
}

static int put_bundle_answer(struct wh_turn *turn, const Whistle__V1__Notice *notice, int64_t seq)
{
    int error = WH_PUT(turn, PUT_BUNDLE_ANSWERED, WH_T(notice->id));
    for (size_t i = 0; i < notice->n_numbers && error == 0; i++) {
        struct wire_target target;
        if (wire_parse(notice->numbers[i], &target) == 0) {
            error = WH_PUT(turn, PUT_HISTORY, WH_L(target.whistle), WH_L(seq));
        }
    }
    return error;
}

static int make_effective(struct dispatch *state, struct wh_turn *turn, const struct wh_item *item,
                          const Whistle__V1__Notice *notice, const struct whistle *w)
{
    struct decision *d = &state->decision;
    int64_t seq = wh_turn_next_seq(turn);
    int error;
    bool changed = d->after != NULL && w != NULL && d->after->version != w->version;
    if (!changed) {
        d->after = NULL; // an answer alone changes no row but the history
    }
    error = dispatch_apply(state, turn, item, d, w != NULL);
    for (size_t i = 0; w != NULL && !changed && i < d->n && error == 0; i++) {
        error = WH_PUT(turn, PUT_HISTORY, WH_L(w->number), WH_L(seq + (int64_t)i));
    }
    if (error == 0 && w == NULL) {
        error = put_bundle_answer(turn, notice, seq);
    }
    if (error == 0 && item->what == COMMAND(NOTICE_SENT)) {
        error = put_told(state, turn, notice);
    }
    return error;
}

int on_notice_answer(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__NoticeOutcome *outcome = outcome_of(item);
    struct wire_fault fault;
    struct wire_target target;
    if (wire_check(item, &fault) != 0) {
        return wh_refuse(turn, item, fault.rule, fault.field, NULL);
    }
    if (dispatch_district(state) == NULL) {
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    }
    bool bundle = wire_notice_target(outcome->id, &target) != 0;
    int64_t key = bundle ? bundle_key(outcome->id) : target.whistle;
    size_t n = 0;
    const void *data = wh_shelf_get(state->books, key, &n);
    const struct record *record = book_find(data, n, outcome->id);
    const struct whistle *w = bundle ? NULL : dispatch_before(state, target.whistle);
    Whistle__V1__Notice *notice = NULL;
    struct wh_arena *arena = wh_turn_arena(turn);
    if (record != NULL && (bundle || w != NULL)) {
        notice = (void *)wh_unpack(&whistle__v1__notice__descriptor, arena, record->packed,
                                   record->n, NULL);
    }
    bool answered = record != NULL && record->answered != 0;
    struct decision_context context = dispatch_context(state, turn, item);
    decision_init(&state->decision);
    enum wh_rule rule =
        decide_notice(item->what, notice, answered, w, &context, outcome->why, &state->decision);
    if (rule != WH_RULE_NONE) {
        return dispatch_refuse(turn, item, rule, &state->decision);
    }
    int error = make_effective(state, turn, item, notice, w);
    return error != 0 ? error : mark_answered(state, turn, key, outcome->id);
}
