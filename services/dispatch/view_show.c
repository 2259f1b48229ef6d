// SPDX-License-Identifier: Apache-2.0
// One whistle with everything a person needs to see: the aggregate as it stands and, from the
// journal, the texts in the order in which they came.
#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

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
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_WHISTLE, &shown->base);
}

void view_show(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ShowWhistle *show = (const void *)item->message;
    if (view_begin(arg, query, item)) {
        view_whistle(arg, query, show->number, answer_show);
    }
}
