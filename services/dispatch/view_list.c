// SPDX-License-Identifier: Apache-2.0
// Lists of whistles, newest first, page by page. A page looks through a bounded window of rows;
// where the window ends before the page is full, the cursor still goes on behind it, so an empty
// page with a cursor means "nothing among these", not "nothing at all". Texts are for `show`.
#include <string.h>

#include "base/time.h"
#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

#define WINDOW_ROWS 5000 // as in store_sql.c

struct list {
    size_t n;
    int64_t ids[WIRE_PAGE_MAX];
    int64_t cursor; // 0: the end
    Whistle__V1__WhistleList list;
};

struct building {
    struct dispatch *state;
    struct wh_query *query;
    struct family *family;
    struct list *page;
    bool failed;
};

static void add(void *arg, const struct whistle *w, const struct store_gather *gather)
{
    struct building *b = arg;
    Whistle__V1__Whistle *shown =
        show_whistle(w, b->state->district, wh_query_arena(b->query), wh_query_now(b->query));
    if (shown == NULL) {
        b->failed = true;
        return;
    }
    view_delivered_all(b->state, w, gather, shown);
    view_family_add(b->family, w, shown);
    // the result is in rising order, the list in falling
    b->page->list.whistles[--b->page->list.n_whistles] = shown;
}

static void answer(struct dispatch *state, struct wh_query *query)
{
    (void)state;
    struct list *page = wh_query_data(query);
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_WHISTLES, &page->list.base);
}

static void on_whistles(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct list *page = wh_query_data(query);
    struct wh_arena *arena = wh_query_arena(query);
    struct building b = {
        .state = arg, .query = query, .page = page, .family = view_family_new(query)};
    struct store_gather *gather = wh_arena_calloc(arena, 1, sizeof *gather);
    Whistle__V1__WhistleList *list = &page->list;
    whistle__v1__whistle_list__init(list);
    list->whistles = wh_arena_calloc(arena, page->n + 1, sizeof *list->whistles);
    list->n_whistles = page->n;
    if (gather == NULL || b.family == NULL || list->whistles == NULL || b.state->district == NULL) {
        view_too_large(query);
        return;
    }
    view_each(result, gather, add, &b);
    if (page->cursor != 0) {
        list->cursor = view_cursor(arena, 1, &page->cursor);
    }
    size_t missing = list->n_whistles;
    list->whistles += missing;
    list->n_whistles = page->n - missing;
    if (b.failed) {
        view_too_large(query);
    } else {
        view_family(b.state, query, b.family, answer);
    }
}

// Rows: id, smallest id of the window, rows of the window.
static void on_ids(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct list *page = wh_query_data(query);
    const Whistle__V1__ListWhistles *ask = (const void *)wh_query_item(query)->message;
    size_t limit = wire_limit(ask->limit), rows = wh_result_rows(result);
    const struct wh_row *first = rows == 0 ? NULL : wh_result_row(result, 0);
    for (size_t i = 0; i < rows; i++) {
        int64_t id = wh_row_int(wh_result_row(result, i), 0);
        if (id != 0) {
            page->ids[page->n++] = id;
        }
    }
    if (page->n == limit) {
        page->cursor = page->ids[page->n - 1];
    } else if (first != NULL && wh_row_int(first, 2) >= WINDOW_ROWS) {
        page->cursor = wh_row_int(first, 1);
    }
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistles, WH_A(page->ids, page->n));
}

static bool asked_units(const struct wh_district *district, const char *code, int64_t *ids,
                        size_t *ret_n)
{
    *ret_n = 0;
    if (code[0] == '\0') {
        return true;
    }
    int32_t party = wh_district_id(district, code);
    *ret_n = party == 0 ? 0 : view_below(district, party, ids, VIEW_UNITS);
    return party != 0;
}

static void run(struct dispatch *state, struct wh_query *query,
                const Whistle__V1__ListWhistles *ask, int64_t before)
{
    struct wh_arena *arena = wh_query_arena(query);
    struct viewer *viewer = wh_arena_alloc(arena, sizeof *viewer);
    int64_t *units = wh_arena_calloc(arena, VIEW_UNITS, sizeof *units);
    size_t n_units;
    if (viewer == NULL || units == NULL) {
        view_too_large(query);
        return;
    }
    view_viewer(state, wh_query_item(query), viewer);
    if (!asked_units(state->district, ask->unit, units, &n_units)) {
        wh_query_refuse(query, WH_RULE_FIELD_UNKNOWN, "unit", NULL);
        return;
    }
    if (ask->category[0] != '\0' && wh_district_category(state->district, ask->category) == NULL) {
        wh_query_refuse(query, WH_RULE_FIELD_UNKNOWN, "category", NULL);
        return;
    }
    if (!viewer->everything && viewer->n_units == 0) {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, NULL, NULL);
        return;
    }
    VIEW_SELECT(query, ask->open ? SELECT_LIST_OPEN : SELECT_LIST, on_ids, WH_L(before),
                WH_I(wire_limit(ask->limit)), WH_A(viewer->units, viewer->n_units),
                WH_I(viewer->party), WH_A(units, n_units), WH_T(ask->category), WH_I(ask->state));
}

void view_list(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ListWhistles *ask = (const void *)item->message;
    int64_t before = INT64_MAX;
    if (!view_begin(arg, query, item)) {
        return;
    }
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &before)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    struct list *page = wh_arena_calloc(wh_query_arena(query), 1, sizeof *page);
    if (page == NULL) {
        view_too_large(query);
        return;
    }
    wh_query_set_data(query, page);
    run(arg, query, ask, before);
}
