// SPDX-License-Identifier: Apache-2.0
// What a whistle may be the same as: dedup's reasons stand in the journal as they were; title, text
// and state of the other one are looked up as they are now, and with them what may be answered. Its
// text is told to who may look at it.
#include <string.h>

#include "dispatch/view.h"
#include "dispatch/words.h"

struct perhaps {
    Whistle__V1__Whistle *shown;
    size_t n;
    int64_t ids[WIRE_PAGE];
    struct viewer viewer;
    size_t n_open; // of which the text may be told
    int64_t open[WIRE_PAGE];
};

static void answer(struct wh_query *query, const struct perhaps *p)
{
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_WHISTLE, &p->shown->base);
}

static Whistle__V1__Likeness *likeness_of(const struct dispatch *state, const struct perhaps *p,
                                          int64_t id)
{
    int64_t number;
    for (size_t i = 0; i < p->shown->n_perhaps; i++) {
        if (whistle_number_parse(state->district, p->shown->perhaps[i]->number, &number) == 0 &&
            number == id) {
            return p->shown->perhaps[i];
        }
    }
    return NULL;
}

// ---- the other's text ---------------------------------------------------------------------------

static const Whistle__V1__WhistleFacts *facts_of(const Whistle__V1__DispatchEvent *e)
{
    switch (e->what_case) {
    case EVENT(RECEIVED):
        return e->received->whistle;
    case EVENT(DISPATCHED):
        return e->dispatched->whistle;
    case EVENT(HELD):
        return e->held->whistle;
    case EVENT(JOINED):
        return e->joined->whistle;
    default:
        return NULL;
    }
}

static void on_journal(void *arg, struct wh_query *query, const struct wh_result *journal)
{
    const struct dispatch *state = arg;
    const struct perhaps *p = wh_query_data(query);
    struct view_event event;
    for (size_t i = 0; i < wh_result_rows(journal); i++) {
        if (state->district == NULL || !view_event(journal, i, wh_query_arena(query), &event)) {
            view_too_large(query);
            return;
        }
        const Whistle__V1__WhistleFacts *facts = facts_of(event.event);
        Whistle__V1__Likeness *likeness =
            likeness_of(state, p, wh_row_int(wh_result_row(journal, i), 0));
        if (facts != NULL && likeness != NULL) {
            likeness->text = facts->text;
        }
    }
    answer(query, p);
}

// ---- the other as it stands ---------------------------------------------------------------------

struct looking {
    struct dispatch *state;
    struct wh_arena *arena;
    struct perhaps *perhaps;
};

// Resolved: reopen it, a new matter, or the same again. Else nothing beside join and separate.
static void take_offer(Whistle__V1__Likeness *likeness, const struct whistle *w)
{
    static char reopen[] = "REOPEN", anew[] = "NEW", recurring[] = "RECURRING";
    static char *offer[] = {reopen, anew, recurring};
    bool resolved = w->stage == STATE(RESOLVED) || w->stage == STATE(CLOSED);
    likeness->offer = resolved ? offer : NULL;
    likeness->n_offer = resolved ? sizeof offer / sizeof offer[0] : 0;
    likeness->resolved_at = resolved ? w->resolved_at : 0;
}

static void look(void *arg, const struct whistle *w, const struct store_gather *gather)
{
    (void)gather;
    struct looking *l = arg;
    Whistle__V1__Likeness *likeness = likeness_of(l->state, l->perhaps, w->number);
    if (likeness == NULL) {
        return;
    }
    char *title = wh_arena_strdup(l->arena, w->title);
    likeness->title = title == NULL ? likeness->title : title;
    likeness->state = whistle_state(w);
    take_offer(likeness, w);
    if (view_may(&l->perhaps->viewer, w)) {
        l->perhaps->open[l->perhaps->n_open++] = w->number;
    }
}

static void on_whistles(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dispatch *state = arg;
    struct perhaps *p = wh_query_data(query);
    struct looking l = {.state = state, .arena = wh_query_arena(query), .perhaps = p};
    struct store_gather *gather = wh_arena_calloc(l.arena, 1, sizeof *gather);
    if (gather == NULL || state->district == NULL) {
        view_too_large(query);
        return;
    }
    view_each(result, gather, look, &l);
    bool decided = p->shown->state == STATE(MERGED) || p->shown->recurs_of[0] != '\0';
    if (!decided) {
        p->shown->offer = p->shown->perhaps[0]->offer;
        p->shown->n_offer = p->shown->perhaps[0]->n_offer;
    }
    if (p->n_open == 0) {
        answer(query, p);
        return;
    }
    VIEW_SELECT(query, SELECT_JOURNAL, on_journal, WH_A(p->open, p->n_open));
}

void view_perhaps(struct dispatch *state, struct wh_query *query, Whistle__V1__Whistle *shown)
{
    struct perhaps *p = wh_arena_calloc(wh_query_arena(query), 1, sizeof *p);
    if (p == NULL) {
        view_too_large(query);
        return;
    }
    p->shown = shown;
    for (size_t i = 0; i < shown->n_perhaps && p->n < WIRE_PAGE; i++) {
        if (whistle_number_parse(state->district, shown->perhaps[i]->number, &p->ids[p->n]) == 0) {
            p->n++;
        }
    }
    if (p->n == 0) {
        answer(query, p);
        return;
    }
    view_viewer(state, wh_query_item(query), &p->viewer);
    wh_query_set_data(query, p);
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistles, WH_A(p->ids, p->n));
}
