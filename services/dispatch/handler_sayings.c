// SPDX-License-Identifier: Apache-2.0
// What was said in a matter, for the turn that joins or parts it: from the journal, and from what
// the turn itself has decided since. See sayings.h.
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "dispatch/dispatch.h"
#include "dispatch/handler_loads.h"
#include "runtime/log.h"

#define ROW_ARENA ((size_t)16 << 20)

int dispatch_need_sayings(struct dispatch *state, struct wh_turn *turn, int64_t number)
{
    return number <= 0 || number > state->highest ? 0 : wh_need(turn, LOAD_SAYINGS, number);
}

int dispatch_sayings(struct dispatch *state, struct wh_turn *turn, int64_t number,
                     struct sayings *ret)
{
    size_t n = 0;
    const void *data = wh_shelf_get(state->sayings, number, &n);
    *ret = (struct sayings){0};
    if (data == NULL)
        return 0;
    ProtobufCMessage *record = wh_unpack_ample(&whistle__v1__whistle_supported__descriptor,
                                               wh_turn_arena(turn), data, n, NULL);
    if (record == NULL)
        return WH_E_NOMEM;
    sayings_read((Whistle__V1__WhistleSupported *)record, ret);
    return 0;
}

// ---- from the journal ---------------------------------------------------------------------------

static bool grow(struct dispatch *state, const void *data, size_t n)
{
    size_t need = state->saying.n + n;
    if (need > state->saying.cap) {
        uint8_t *grown = realloc(state->saying.data, need * 2);
        if (grown == NULL)
            return false;
        state->saying.data = grown;
        state->saying.cap = need * 2;
    }
    memcpy(state->saying.data + state->saying.n, data, n);
    state->saying.n = need;
    return true;
}

static void close_sayings(struct dispatch *state)
{
    if (state->saying.key != 0)
        wh_shelf_loaded(state->sayings, state->saying.key, state->saying.data, state->saying.n);
    state->saying.key = 0;
    state->saying.n = 0;
}

static void take_body(struct dispatch *state, struct wh_arena *arena, const uint8_t *body, size_t n)
{
    const Whistle__V1__Event *envelope =
        (const void *)wh_unpack_ample(&whistle__v1__event__descriptor, arena, body, n, NULL);
    const Whistle__V1__DispatchEvent *event =
        envelope == NULL
            ? NULL
            : (const void *)wh_unpack_ample(&whistle__v1__dispatch_event__descriptor, arena,
                                            envelope->payload.data, envelope->payload.len, NULL);
    size_t bytes = 0;
    const void *record = event == NULL ? NULL : sayings_record(event, arena, &bytes);
    if (record == NULL || (bytes > 0 && !grow(state, record, bytes)))
        wh_fatal("memory", "what was said in a matter does not fit into memory");
}

// Rows: whistle, body; in order.
void load_sayings_row(void *arg, const struct wh_row *row)
{
    struct dispatch *state = arg;
    struct wh_arena arena;
    size_t n;
    const uint8_t *body = wh_row_bytes(row, 1, &n);
    if (wh_row_int(row, 0) != state->saying.key) {
        close_sayings(state);
        state->saying.key = wh_row_int(row, 0);
    }
    wh_arena_init(&arena, ROW_ARENA);
    take_body(state, &arena, body, n);
    wh_arena_done(&arena);
}

void load_sayings_done(void *arg, const int64_t *keys, size_t n)
{
    (void)keys;
    (void)n;
    close_sayings(arg);
}

// ---- from the turn ------------------------------------------------------------------------------

static int append(struct dispatch *state, struct wh_arena *arena, int64_t number,
                  const void *record, size_t bytes)
{
    size_t n = 0;
    const void *was = wh_shelf_get(state->sayings, number, &n);
    n = was == NULL ? 0 : n;
    uint8_t *now = wh_arena_alloc(arena, n + bytes);
    if (now == NULL)
        return WH_E_NOMEM;
    if (n > 0)
        memcpy(now, was, n);
    memcpy(now + n, record, bytes);
    return wh_shelf_put(state->sayings, number, now, n + bytes);
}

int dispatch_sayings_grow(struct dispatch *state, struct wh_turn *turn, const struct decision *d)
{
    int error = 0;
    for (size_t i = 0; i < d->n && error == 0; i++) {
        size_t bytes = 0;
        const void *record = sayings_record(d->events[i].event, wh_turn_arena(turn), &bytes);
        if (record == NULL)
            return WH_E_NOMEM;
        if (bytes > 0)
            error = append(state, wh_turn_arena(turn), d->object, record, bytes);
    }
    return error;
}
