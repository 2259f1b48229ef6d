// SPDX-License-Identifier: Apache-2.0
// A whistle's notices and what became of them: WAITING for a desk's hours, ISSUED, SENT, FAILED.
// Of a channel only its kind is shown; the address is for the sender alone.
#include <string.h>

#include "dispatch/view.h"
#include "dispatch/words.h"

static Whistle__V1__NoticeView *add(struct view_notices *c)
{
    Whistle__V1__NoticeView *view = wh_arena_alloc(c->arena, sizeof *view);
    if (c->n == c->cap) {
        size_t cap = c->cap == 0 ? 32 : c->cap * 2;
        Whistle__V1__NoticeView **more = wh_arena_calloc(c->arena, cap, sizeof *more);
        if (more != NULL && c->n > 0) {
            memcpy(more, c->views, c->n * sizeof *more);
        }
        c->views = more;
        c->cap = cap;
    }
    if (view == NULL || c->views == NULL) {
        c->failed = true;
        return NULL;
    }
    *view = (Whistle__V1__NoticeView)WHISTLE__V1__NOTICE_VIEW__INIT;
    c->views[c->n++] = view;
    return view;
}

static char *channel_kind(struct wh_arena *arena, const char *channel)
{
    char *kind = wh_arena_dup(arena, channel, strcspn(channel, ":"));
    return kind == NULL ? (char *)protobuf_c_empty_string : kind;
}

static void take_issued(struct view_notices *c, int64_t at, const Whistle__V1__Notice *notice)
{
    Whistle__V1__NoticeView *view = add(c);
    if (view == NULL) {
        return;
    }
    view->id = notice->id;
    view->issued_at = at;
    view->receiver = notice->receiver;
    view->contact = notice->contact;
    view->channel = channel_kind(c->arena, notice->channel);
    view->text_zh = notice->text_zh;
    view->text_en = notice->text_en;
    view->state = (char *)"ISSUED";
}

// A release to a receiver takes what waited for it.
static void drop_waiting(struct view_notices *c, const char *receiver)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const Whistle__V1__NoticeView *view = c->views[i];
        if (strcmp(view->state, "WAITING") != 0 || strcmp(view->receiver, receiver) != 0) {
            c->views[n++] = c->views[i];
        }
    }
    c->n = n;
}

static void take_waiting(struct view_notices *c, const Whistle__V1__NoticeWaiting *waiting)
{
    Whistle__V1__NoticeView *view = add(c);
    if (view != NULL) {
        view->id = waiting->task;
        view->receiver = waiting->receiver;
        view->text_zh = view->text_en = waiting->kind;
        view->state = (char *)"WAITING";
        view->issued_at = waiting->until_at;
    }
}

static void take_answer(struct view_notices *c, int64_t at, const char *id, bool sent)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->views[i]->id, id) == 0) {
            c->views[i]->state = (char *)(sent ? "SENT" : "FAILED");
            c->views[i]->sent_at = sent ? at : 0;
        }
    }
}

void view_notices_take(struct view_notices *c, const struct view_event *event)
{
    const Whistle__V1__DispatchEvent *e = event->event;
    if (e->what_case == EVENT(NOTICE_ISSUED) && e->notice_issued->receiver[0] != '\0') {
        drop_waiting(c, e->notice_issued->receiver);
    }
    for (size_t i = 0; i < e->n_notices; i++) {
        take_issued(c, event->envelope->at, e->notices[i]);
    }
    for (size_t i = 0; i < e->n_waiting; i++) {
        take_waiting(c, e->waiting[i]);
    }
    if (e->what_case == EVENT(NOTICE_SENT) || e->what_case == EVENT(NOTICE_FAILED)) {
        take_answer(c, event->envelope->at, e->notice_sent->id, e->what_case == EVENT(NOTICE_SENT));
    }
}

static void answer_notices(struct dispatch *state, struct wh_query *query,
                           const struct view_whistle *view)
{
    (void)state;
    const Whistle__V1__ListNotices *ask = (const void *)wh_query_item(query)->message;
    struct view_notices c = {.arena = view->arena};
    struct view_event event;
    Whistle__V1__NoticeList list = WHISTLE__V1__NOTICE_LIST__INIT;
    int64_t first = 0;
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &first)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    for (size_t i = 0; i < wh_result_rows(view->journal) && !c.failed; i++) {
        c.failed = !view_event(view->journal, i, view->arena, &event);
        if (!c.failed) {
            view_notices_take(&c, &event);
        }
    }
    if (c.failed) {
        view_too_large(query);
        return;
    }
    size_t from = first < 0 ? 0 : (size_t)first < c.n ? (size_t)first : c.n;
    size_t limit = wire_limit(ask->limit);
    list.notices = c.views + from;
    list.n_notices = c.n - from < limit ? c.n - from : limit;
    if (from + list.n_notices < c.n) {
        list.cursor = view_cursor(view->arena, 1, &(int64_t){(int64_t)(from + list.n_notices)});
    }
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_NOTICES, &list.base);
}

void view_notices(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ListNotices *ask = (const void *)item->message;
    if (view_begin(arg, query, item)) {
        view_whistle(arg, query, ask->number, answer_notices);
    }
}
