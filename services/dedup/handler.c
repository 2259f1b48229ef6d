// SPDX-License-Identifier: Apache-2.0
// What dedup's handlers share: what to decide by, what was raised, what is told of it.
#include "dedup/handler.h"

#include "client/frame.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define WORDS_ROOM 600

const struct wh_district *dedup_district(const struct dedup *state)
{
    return state->pending != NULL ? state->pending : state->district;
}

struct decide_by dedup_by(const struct dedup *state, int64_t now)
{
    return (struct decide_by){
        .matters = state->matters, .model = state->model, .settings = &state->settings, .now = now};
}

struct say dedup_say(const struct dedup *state, struct wh_arena *arena)
{
    const struct wh_district *district = dedup_district(state);
    return (struct say){.arena = arena,
                        .prefix = district != NULL ? wh_district_prefix(district) : "",
                        .model = state->model};
}

const Whistle__V1__DedupEvent *dedup_read_body(struct wh_arena *arena, const struct wh_row *row,
                                               int column, const Whistle__V1__Event **ret_event)
{
    size_t n = 0;
    const uint8_t *body = wh_row_bytes(row, column, &n);
    const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
        &whistle__v1__event__descriptor, arena, body, n, NULL);
    if (event == NULL)
        return NULL;
    if (ret_event != NULL)
        *ret_event = event;
    return (const Whistle__V1__DedupEvent *)wh_unpack_ample(&whistle__v1__dedup_event__descriptor,
                                                            arena, event->payload.data,
                                                            event->payload.len, NULL);
}

const Whistle__V1__DedupEvent *dedup_facts(const struct dedup *state, struct wh_arena *arena,
                                           int64_t id)
{
    size_t n = 0;
    const void *kept = wh_shelf_get(state->facts, id, &n);
    void *bytes = kept == NULL ? NULL : wh_arena_dup(arena, kept, n);
    if (bytes == NULL)
        return NULL;
    return (const Whistle__V1__DedupEvent *)wh_unpack_ample(&whistle__v1__dedup_event__descriptor,
                                                            arena, bytes, n, NULL);
}

Whistle__V1__WhistleBlown *dedup_blown_of(const Whistle__V1__DedupEvent *event)
{
    if (event == NULL)
        return NULL;
    switch (event->what_case) {
    case EVENT(CLEARED):
        return event->cleared->blown;
    case EVENT(HELD):
        return event->held->blown;
    case EVENT(MERGED):
        return event->merged->blown;
    default:
        return NULL;
    }
}

size_t dedup_perhaps_of(const Whistle__V1__DedupEvent *event, Whistle__V1__Likeness ***ret_list)
{
    *ret_list = NULL;
    if (event != NULL && event->what_case == EVENT(CLEARED)) {
        *ret_list = event->cleared->perhaps;
        return event->cleared->n_perhaps;
    }
    if (event != NULL && event->what_case == EVENT(HELD)) {
        *ret_list = event->held->perhaps;
        return event->held->n_perhaps;
    }
    return 0;
}

int dedup_need_matter(const struct dedup *state, struct wh_turn *turn, int64_t id)
{
    if (id == 0 || matters_get(state->matters, id) != NULL)
        return 0;
    return wh_need(turn, LOAD_MATTER, id);
}

int dedup_need_facts(const struct dedup *state, struct wh_turn *turn, int64_t id)
{
    if (id == 0 || wh_shelf_has(state->facts, id))
        return 0;
    return wh_need(turn, LOAD_FACTS, id);
}

Whistle__V1__Likeness **dedup_likenesses(struct dedup *state, struct say *say,
                                         const struct match_input *input,
                                         const struct resemblance *like, size_t n)
{
    char words[WORDS_ROOM];
    Whistle__V1__Likeness **list = say_list(say, n);
    for (size_t i = 0; i < n && !say->failed; i++) {
        const struct match_report *other = reports_get(&state->reports, like[i].compared);
        words[0] = 0;
        if (other != NULL && input != NULL)
            match_shared_words(state->reports.maker, input, other, words, sizeof words);
        list[i] = say_likeness(say, &like[i], words);
    }
    return list;
}
