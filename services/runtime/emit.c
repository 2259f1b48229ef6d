// SPDX-License-Identifier: Apache-2.0
// What a handler may do in a turn: name loads, make events, put rows, set timers, refuse. All of it
// stays in the turn's memory until the one transaction.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine.h"
#include "runtime/refusal.h"

#define BUSY_RETRY_MS 1000

int64_t wh_turn_now(const struct wh_turn *turn)
{
    return turn->now;
}

struct wh_arena *wh_turn_arena(struct wh_turn *turn)
{
    return &turn->arena;
}

int64_t wh_turn_next_seq(const struct wh_turn *turn)
{
    return turn->seq + 1;
}

// ---- loads -----------------------------------------------------------------------------------

static int needs_room(struct wh_needs *needs)
{
    if (needs->n < needs->cap)
        return 0;
    size_t cap = needs->cap ? needs->cap * 2 : 256;
    int64_t *keys = realloc(needs->keys, cap * sizeof *keys);
    if (!keys)
        return WH_E_NOMEM;
    needs->keys = keys;
    bool *found = realloc(needs->found, cap * sizeof *found);
    if (!found)
        return WH_E_NOMEM;
    needs->found = found;
    needs->cap = cap;
    return 0;
}

int wh_need(struct wh_turn *turn, size_t loader, int64_t key)
{
    struct wh_needs *needs = &turn->needs[loader];
    size_t place;
    if (wh_map_get_index(&needs->index, key, &place))
        return 0;
    struct wh_val value = WH_L(key);
    int status = needs_room(needs);
    if (status == 0)
        status = wh_map_put_index(&needs->index, key, needs->n);
    if (status == 0)
        status = wh_batch_add(&needs->batch, &value, 1);
    if (status != 0)
        return status;
    needs->keys[needs->n] = key;
    needs->found[needs->n++] = false;
    turn->any_needs = true;
    return 0;
}

static bool has_bytes(const struct wh_batch *batch, const void *key, size_t n)
{
    const struct wh_bytes *bytes = &batch->columns[0].bytes;
    const uint8_t *at = bytes->data + 20, *end = bytes->data + bytes->n;
    while (at < end) {
        size_t length = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        if (length == n && memcmp(at + 4, key, n) == 0)
            return true;
        at += 4 + length;
    }
    return false;
}

int wh_need_bytes(struct wh_turn *turn, size_t loader, const void *key, size_t n)
{
    struct wh_needs *needs = &turn->needs[loader];
    if (has_bytes(&needs->batch, key, n))
        return 0;
    struct wh_val value = WH_B(key, n);
    int status = wh_batch_add(&needs->batch, &value, 1);
    if (status == 0)
        turn->any_needs = true;
    return status;
}

// ---- events ----------------------------------------------------------------------------------

static int emits_room(struct wh_turn *turn)
{
    if (turn->n_emits < turn->cap_emits)
        return 0;
    size_t cap = turn->cap_emits ? turn->cap_emits * 2 : 256;
    struct wh_emitted *emits = realloc(turn->emits, cap * sizeof *emits);
    if (!emits)
        return WH_E_NOMEM;
    turn->emits = emits;
    turn->cap_emits = cap;
    return 0;
}

static void tell_cause(const struct wh_item *item, Whistle__V1__Event *event)
{
    Whistle__V1__Cause *cause = event->cause;
    Whistle__V1__Actor *actor = event->actor;
    if (item->kind == WH_ITEM_COMMAND) {
        cause->request_id.data = (uint8_t *)item->request_id.b;
        cause->request_id.len = sizeof item->request_id.b;
    } else if (item->kind == WH_ITEM_EVENT) {
        cause->feed = (char *)item->feed;
        cause->seq = item->event->seq;
    } else {
        cause->timer_at = item->at;
        event->actor = NULL;
        return;
    }
    actor->identity = (char *)item->actor.identity;
    actor->officer = (char *)(item->actor.officer ? item->actor.officer : "");
    actor->acting_for = (char *)(item->actor.acting_for ? item->actor.acting_for : "");
}

static uint8_t *varint(uint8_t *to, size_t value)
{
    while (value > 0x7f) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

// The event's bytes: its head, then field 7 (payload) packed straight behind it, without a copy.
static int pack_event(struct wh_turn *turn, Whistle__V1__Event *event,
                      const ProtobufCMessage *payload, struct wh_journal_row *row)
{
    size_t head = whistle__v1__event__get_packed_size(event);
    size_t inner = protobuf_c_message_get_packed_size(payload);
    uint8_t *body = wh_arena_alloc(&turn->arena, head + inner + 11);
    if (!body)
        return WH_E_NOMEM;
    whistle__v1__event__pack(event, body);
    uint8_t *at = body + head;
    if (inner) {
        *at++ = 7 << 3 | 2;
        at = varint(at, inner);
        protobuf_c_message_pack(payload, at);
        event->payload = (ProtobufCBinaryData){inner, at};
        at += inner;
    }
    row->body = body;
    row->body_n = (size_t)(at - body);
    return 0;
}

static int journal_row(struct wh_turn *turn, const struct wh_journal_row *row)
{
    struct wh_val values[] = {
        WH_L(row->seq),
        WH_L(row->at),
        WH_S(row->kind),
        WH_L(row->object),
        WH_A(row->subjects, row->n_subjects),
        WH_B(row->body, row->body_n),
        WH_B(row->hash, sizeof row->hash),
    };
    return wh_batch_add(&turn->journal, values, sizeof values / sizeof *values);
}

static void note_first(struct wh_turn *turn, const Whistle__V1__Event *event,
                       const ProtobufCMessage *payload)
{
    struct wh_work *work = turn->current;
    if (!work || work->outcome != WH_OUT_NOTHING)
        return;
    work->outcome = WH_OUT_EVENT;
    work->seq = event->seq;
    work->done = (struct wh_done){0};
    if (work->door && turn->engine->runtime->service->describe)
        turn->engine->runtime->service->describe(event, payload, &work->done);
}

int wh_emit(struct wh_turn *turn, const struct wh_item *item, int64_t object,
            const int32_t *subjects, size_t n_subjects, const ProtobufCMessage *payload,
            int64_t *ret_seq)
{
    Whistle__V1__Event event = WHISTLE__V1__EVENT__INIT;
    Whistle__V1__Cause cause = WHISTLE__V1__CAUSE__INIT;
    Whistle__V1__Actor actor = WHISTLE__V1__ACTOR__INIT;
    const ProtobufCMessage *member;
    int32_t *copy = wh_arena_alloc(&turn->arena, n_subjects * sizeof *subjects);
    if (!copy || emits_room(turn) != 0)
        return WH_E_NOMEM;
    if (n_subjects)
        memcpy(copy, subjects, n_subjects * sizeof *subjects);
    event.seq = turn->seq + 1;
    event.at = turn->now;
    event.object = object;
    event.subjects = copy;
    event.n_subjects = n_subjects;
    event.cause = &cause;
    event.actor = &actor;
    tell_cause(item, &event);
    struct wh_journal_row row = {
        .seq = event.seq,
        .at = event.at,
        .object = object,
        .kind = wh_oneof_get(payload, &member),
        .subjects = copy,
        .n_subjects = n_subjects,
    };
    int status = pack_event(turn, &event, payload, &row);
    if (status != 0)
        return status;
    wh_journal_hash(turn->hash, row.body, row.body_n, row.hash);
    status = journal_row(turn, &row);
    if (status != 0)
        return status;
    turn->emits[turn->n_emits++].row = row;
    turn->seq = row.seq;
    memcpy(turn->hash, row.hash, sizeof turn->hash);
    note_first(turn, &event, payload);
    if (ret_seq)
        *ret_seq = row.seq;
    return 0;
}

void wh_done(struct wh_turn *turn, const struct wh_item *item, const char *ref, const char *state)
{
    (void)item;
    struct wh_work *work = turn->current;
    if (!work || work->outcome != WH_OUT_NOTHING)
        return;
    work->outcome = WH_OUT_DONE;
    (void)snprintf(work->done.ref, sizeof work->done.ref, "%s", ref);
    (void)snprintf(work->done.state, sizeof work->done.state, "%s", state);
}

// ---- refusals, rows, timers ------------------------------------------------------------------

int wh_refuse(struct wh_turn *turn, const struct wh_item *item, enum wh_rule rule,
              const char *field, const char *detail, ...)
{
    (void)item;
    struct wh_work *work = turn->current;
    Whistle__V1__Error *error = wh_arena_alloc(&turn->arena, sizeof *error);
    char text[512];
    if (!work || !error)
        return work ? WH_E_NOMEM : WH_E_REFUSED;
    if (detail) {
        va_list args;
        va_start(args, detail);
        (void)vsnprintf(text, sizeof text, detail, args);
        va_end(args);
    }
    int status = wh_rule_info(rule)->status;
    wh_refusal(rule, field ? wh_arena_strdup(&turn->arena, field) : NULL,
               detail ? wh_arena_strdup(&turn->arena, text) : NULL,
               status == 503 || status == 429 ? BUSY_RETRY_MS : 0, error);
    work->error = error;
    work->outcome = WH_OUT_REFUSED;
    return WH_E_REFUSED;
}

int wh_put(struct wh_turn *turn, size_t statement, const struct wh_val *values, size_t n)
{
    int status = wh_batch_add(&turn->own[statement], values, n);
    if (status == WH_E_INVALID)
        wh_fatal("put.columns", "statement %s: the row does not match its columns",
                 turn->engine->runtime->service->statements[statement].name);
    return status;
}

void wh_timer_set(struct wh_turn *turn, int64_t key, int64_t at)
{
    if (turn->n_timers == turn->cap_timers) {
        size_t cap = turn->cap_timers ? turn->cap_timers * 2 : 256;
        struct wh_timer *timers = realloc(turn->timers, cap * sizeof *timers);
        if (!timers)
            wh_fatal("memory", "no memory for a timer");
        turn->timers = timers;
        turn->cap_timers = cap;
    }
    turn->timers[turn->n_timers++] = (struct wh_timer){key, at};
}

void wh_timer_load(struct wh_runtime *runtime, int64_t key, int64_t at)
{
    if (wh_timers_set(runtime->timers, key, at) != 0)
        wh_fatal("memory", "no memory for a timer");
}
