// SPDX-License-Identifier: Apache-2.0
// Tasks: a department's open ones with what is due next on top; or all of them, newest first; or
// those of one whistle. Who may see all whistles may ask for every department's at once.
#include <string.h>

#include "base/time.h"
#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

#define WINDOW_ROWS 5000 // as in store_sql.c

// A page: tasks in the order in which they are to be shown.
struct page {
    int32_t body;
    size_t n, n_ids;
    int64_t ids[WIRE_PAGE_MAX]; // whistles, each once
    struct {
        int64_t whistle;
        int32_t body;
    } tasks[WIRE_PAGE_MAX];
    bool has_cursor;
    size_t cursor_n;
    int64_t cursor[3];
};

struct building {
    struct dispatch *state;
    struct wh_arena *arena;
    int64_t now;
    const struct page *page;
    Whistle__V1__TaskList *list;
    bool failed;
};

// Puts the tasks of one whistle in their places of the page.
static void place(void *arg, const struct whistle *w, const struct store_gather *gather)
{
    struct building *b = arg;
    for (size_t i = 0; i < b->page->n; i++) {
        const struct task *t =
            b->page->tasks[i].whistle == w->number ? whistle_task(w, b->page->tasks[i].body) : NULL;
        if (t == NULL) {
            continue;
        }
        Whistle__V1__Task *shown = show_task(w, t, b->state->district, b->arena, b->now);
        if (shown == NULL) {
            b->failed = true;
            return;
        }
        view_delivered(b->state, w, gather, t, shown);
        b->list->tasks[i] = shown;
    }
}

static void close_gaps(Whistle__V1__TaskList *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n_tasks; i++) {
        if (list->tasks[i] != NULL) {
            list->tasks[n++] = list->tasks[i];
        }
    }
    list->n_tasks = n;
}

static void on_whistles(void *arg, struct wh_query *query, const struct wh_result *result)
{
    const struct page *page = wh_query_data(query);
    struct wh_arena arena;
    Whistle__V1__TaskList list = WHISTLE__V1__TASK_LIST__INIT;
    struct building b = {
        .state = arg, .arena = &arena, .now = wh_query_now(query), .page = page, .list = &list};
    wh_arena_init(&arena, VIEW_ARENA);
    struct store_gather *gather = wh_arena_calloc(&arena, 1, sizeof *gather);
    list.tasks = wh_arena_calloc(&arena, page->n + 1, sizeof *list.tasks);
    list.n_tasks = page->n;
    if (gather == NULL || list.tasks == NULL || b.state->district == NULL) {
        b.failed = true;
    } else {
        view_each(result, gather, place, &b);
        close_gaps(&list);
    }
    if (page->has_cursor) {
        list.cursor = view_cursor(&arena, page->cursor_n, page->cursor);
    }
    if (b.failed) {
        view_too_large(query);
    } else {
        view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_TASKS, &list.base);
    }
    wh_arena_done(&arena);
}

static void take(struct page *page, const struct wh_result *result)
{
    for (size_t i = 0; i < wh_result_rows(result) && page->n < WIRE_PAGE_MAX; i++) {
        const struct wh_row *row = wh_result_row(result, i);
        int64_t id = wh_row_int(row, 0);
        bool known = false;
        if (wh_row_null(row, 0)) {
            continue;
        }
        for (size_t k = page->n_ids; k > 0 && !known; k--) {
            known = page->ids[k - 1] == id;
        }
        if (!known) {
            page->ids[page->n_ids++] = id;
        }
        page->tasks[page->n].whistle = id;
        page->tasks[page->n++].body = (int32_t)wh_row_int(row, 1);
    }
}

// Rows: whistle, body, due.
static void on_open(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct page *page = wh_query_data(query);
    const Whistle__V1__ListTasks *ask = (const void *)wh_query_item(query)->message;
    take(page, result);
    if (page->n == wire_limit(ask->limit)) {
        const struct wh_row *last = wh_result_row(result, page->n - 1);
        page->has_cursor = true;
        page->cursor_n = 3;
        page->cursor[0] = wh_row_int(last, 2);
        page->cursor[1] = wh_row_int(last, 0);
        page->cursor[2] = wh_row_int(last, 1);
    }
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistles, WH_A(page->ids, page->n_ids));
}

// Rows: whistle, body, smallest id of the window, rows of the window. A page never ends within a
// whistle of which there may be more tasks: all but one department's are cut at a whistle's end.
static void on_all(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct page *page = wh_query_data(query);
    const Whistle__V1__ListTasks *ask = (const void *)wh_query_item(query)->message;
    size_t limit = wire_limit(ask->limit);
    take(page, result);
    page->cursor_n = 1;
    if (page->n == limit) {
        int64_t last = page->tasks[page->n - 1].whistle;
        size_t keep = page->n;
        while (page->body == 0 && keep > 0 && page->tasks[keep - 1].whistle == last) {
            keep--;
        }
        page->n = keep > 0 ? keep : page->n;
        page->has_cursor = true;
        page->cursor[0] = page->tasks[page->n - 1].whistle;
    } else if (wh_result_rows(result) > 0 &&
               wh_row_int(wh_result_row(result, 0), 3) >= WINDOW_ROWS) {
        page->has_cursor = true;
        page->cursor[0] = wh_row_int(wh_result_row(result, 0), 2);
    }
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistles, WH_A(page->ids, page->n_ids));
}

// ---- one whistle's ------------------------------------------------------------------------------

static void answer_of_whistle(struct dispatch *state, struct wh_query *query,
                              const struct view_whistle *view)
{
    const Whistle__V1__ListTasks *ask = (const void *)wh_query_item(query)->message;
    Whistle__V1__TaskList list = WHISTLE__V1__TASK_LIST__INIT;
    struct view_event event;
    Whistle__V1__Whistle *shown =
        show_whistle(view->whistle, state->district, view->arena, wh_query_now(query));
    for (size_t i = 0; shown != NULL && i < wh_result_rows(view->journal); i++) {
        if (view_event(view->journal, i, view->arena, &event)) {
            view_texts(shown, view->arena, &event);
        }
    }
    if (shown == NULL) {
        view_too_large(query);
        return;
    }
    view_delivered_all(state, view->whistle, view->gather, shown);
    list.tasks = shown->tasks;
    for (size_t i = 0; i < shown->n_tasks; i++) {
        Whistle__V1__Task *t = shown->tasks[i];
        bool wanted = ask->department[0] == '\0' || strcmp(ask->department, t->department) == 0;
        bool ended = t->state == TASK(CONFIRMED) || t->state == TASK(CANCELLED);
        if (wanted && !(ask->open && ended) && !(ask->overdue && t->n_overdue == 0)) {
            list.tasks[list.n_tasks++] = t;
        }
    }
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_TASKS, &list.base);
}

// ---- asking -------------------------------------------------------------------------------------

// Whose tasks; false where the caller may not ask for them (refused then).
static bool whose(const struct dispatch *state, struct wh_query *query,
                  const Whistle__V1__ListTasks *ask, int32_t *ret_body)
{
    const struct wh_item *item = wh_query_item(query);
    struct viewer *viewer = wh_arena_alloc(wh_query_arena(query), sizeof *viewer);
    if (viewer == NULL) {
        view_too_large(query);
        return false;
    }
    view_viewer(state, item, viewer);
    *ret_body = viewer->everything ? 0 : viewer->party;
    if (ask->department[0] != '\0') {
        *ret_body = wh_district_id(state->district, ask->department);
        if (*ret_body == 0) {
            wh_query_refuse(query, WH_RULE_FIELD_UNKNOWN, "department", NULL);
            return false;
        }
    }
    if (!viewer->everything && (*ret_body == 0 || *ret_body != viewer->party)) {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "department", NULL);
        return false;
    }
    return true;
}

static void ask_open(struct wh_query *query, const Whistle__V1__ListTasks *ask, int32_t body)
{
    int64_t after[3] = {INT64_MIN, 0, 0};
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 3, after)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    VIEW_SELECT(query, body == 0 ? SELECT_TASKS_EVERY : SELECT_TASKS_OPEN, on_open, WH_I(body),
                WH_L(ask->overdue ? wh_query_now(query) : 0), WH_L(after[0]), WH_L(after[1]),
                WH_I(after[2]), WH_I(wire_limit(ask->limit)));
}

static void ask_all(struct wh_query *query, const Whistle__V1__ListTasks *ask, int32_t body)
{
    int64_t before = INT64_MAX;
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &before)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    VIEW_SELECT(query, SELECT_TASKS_ALL, on_all, WH_I(body), WH_L(before),
                WH_I(wire_limit(ask->limit)));
}

void view_tasks(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ListTasks *ask = (const void *)item->message;
    int32_t body;
    if (!view_begin(arg, query, item)) {
        return;
    }
    if (ask->number[0] != '\0') {
        view_whistle(arg, query, ask->number, answer_of_whistle);
        return;
    }
    struct page *page = wh_arena_calloc(wh_query_arena(query), 1, sizeof *page);
    if (page == NULL) {
        view_too_large(query);
        return;
    }
    wh_query_set_data(query, page);
    if (!whose(arg, query, ask, &body)) {
        return;
    }
    page->body = body;
    if (ask->open || ask->overdue) {
        ask_open(query, ask, body);
    } else {
        ask_all(query, ask, body);
    }
}
