// SPDX-License-Identifier: Apache-2.0
// One whistle with everything a person needs to see: the aggregate as it stands and, from the
// journal, the texts in the order in which they came.
#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

static void answer(struct dispatch *state, struct wh_query *query)
{
    view_perhaps(state, query, wh_query_data(query));
}

static void answer_show(struct dispatch *state, struct wh_query *query,
                        const struct view_whistle *view)
{
    const struct whistle *w = view->whistle;
    struct view_event event;
    Whistle__V1__Whistle *shown =
        show_whistle(w, state->district, view->arena, wh_query_now(query));
    if (shown == NULL) {
        view_too_large(query);
        return;
    }
    shown->n_confirmed_by = 0; // told anew by the journal
    for (size_t i = 0; i < wh_result_rows(view->journal); i++) {
        if (!view_event(view->journal, i, view->arena, &event)) {
            view_too_large(query);
            return;
        }
        view_texts(shown, view->arena, &event);
    }
    view_delivered_all(state, w, view->gather, shown);
    struct family *family = view_family_new(query);
    if (family == NULL) {
        view_too_large(query);
        return;
    }
    view_family_add(family, w, shown);
    wh_query_set_data(query, shown);
    view_family(state, query, family, answer);
}

void view_show(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ShowWhistle *show = (const void *)item->message;
    if (view_begin(arg, query, item)) {
        view_whistle(arg, query, show->number, answer_show);
    }
}
