// SPDX-License-Identifier: Apache-2.0
// Who stands behind the matters of an answer: how many whistles are joined to each, the newest of
// their numbers, and the tasks that go on there. Counts are queries, so they are right whatever was
// joined to what. Whistles that nobody was ever joined to are not asked about.
#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

#define LINKED_MAX 32 // joined whistles whose tasks are shown, of one page
#define JOINED_MAX 20 // numbers named of one matter; the rest is counted

// Every whistle of the answer that is a matter.
struct family {
    size_t n;
    struct member {
        int64_t root;
        Whistle__V1__Whistle *shown;
    } members[WIRE_PAGE_MAX];
    size_t n_linked;
    int64_t linked[LINKED_MAX], roots[LINKED_MAX];
    view_then_fn then;
    void *data; // the query's own meanwhile
    bool failed;
};

struct family *view_family_new(struct wh_query *query)
{
    return wh_arena_calloc(wh_query_arena(query), 1, sizeof(struct family));
}

void view_family_add(struct family *family, const struct whistle *w, Whistle__V1__Whistle *shown)
{
    if ((w->flags & WHISTLE_MATTER) && family->n < WIRE_PAGE_MAX) {
        family->members[family->n++] = (struct member){w->number, shown};
    }
}

static Whistle__V1__Whistle *shown_of(const struct family *family, int64_t root)
{
    for (size_t i = 0; i < family->n; i++) {
        if (family->members[i].root == root) {
            return family->members[i].shown;
        }
    }
    return NULL;
}

static void end(struct dispatch *state, struct wh_query *query, struct family *family)
{
    if (family->failed || state->district == NULL) {
        view_too_large(query);
    } else {
        family->then(state, query);
    }
}

// ---- what goes on there -------------------------------------------------------------------------

struct linking {
    struct dispatch *state;
    struct wh_query *query;
    struct family *family;
};

static void link_task(struct linking *l, const struct whistle *w, const struct store_gather *gather,
                      const struct task *t, Whistle__V1__Whistle *shown)
{
    struct wh_arena *arena = wh_query_arena(l->query);
    Whistle__V1__Task *task = show_task(w, t, l->state->district, arena, wh_query_now(l->query));
    if (task == NULL || !view_append(arena, (void ***)&shown->linked, &shown->n_linked, task)) {
        l->family->failed = true;
        return;
    }
    view_delivered(l->state, w, gather, t, task);
}

static void link_whistle(void *arg, const struct whistle *w, const struct store_gather *gather)
{
    struct linking *l = arg;
    for (size_t i = 0; i < l->family->n_linked; i++) {
        Whistle__V1__Whistle *shown =
            l->family->linked[i] == w->number ? shown_of(l->family, l->family->roots[i]) : NULL;
        for (size_t k = 0; shown != NULL && k < w->n_tasks; k++) {
            if (task_is_live(&w->tasks[k])) {
                link_task(l, w, gather, &w->tasks[k], shown);
            }
        }
    }
}

static void on_linked(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dispatch *state = arg;
    struct family *family = wh_query_data(query);
    struct linking l = {.state = state, .query = query, .family = family};
    struct store_gather *gather = wh_arena_calloc(wh_query_arena(query), 1, sizeof *gather);
    if (gather == NULL || state->district == NULL) {
        family->failed = true;
    } else {
        view_each(result, gather, link_whistle, &l);
    }
    wh_query_set_data(query, family->data);
    end(state, query, family);
}

// ---- who is joined ------------------------------------------------------------------------------

static void take_member(struct dispatch *state, struct wh_query *query, struct family *family,
                        const struct wh_row *row)
{
    struct wh_arena *arena = wh_query_arena(query);
    int64_t root = wh_row_int(row, 0), id = wh_row_int(row, 1);
    Whistle__V1__Whistle *shown = shown_of(family, root);
    char number[WH_NUMBER_MAX];
    if (shown == NULL) {
        return;
    }
    shown->supporters++;
    if (shown->n_joined < JOINED_MAX &&
        wh_number_format(wh_district_prefix(state->district), id, number) == 0) {
        char *copy = wh_arena_strdup(arena, number);
        family->failed = family->failed || copy == NULL ||
                         !view_append(arena, (void ***)&shown->joined, &shown->n_joined, copy);
    }
    if (wh_row_int(row, 3) != 0 && family->n_linked < LINKED_MAX) {
        family->roots[family->n_linked] = root;
        family->linked[family->n_linked++] = id;
    }
}

// Rows: root, whistle, since when, has a task that goes on; the newest first.
static void on_members(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dispatch *state = arg;
    struct family *family = wh_query_data(query);
    for (size_t i = 0; state->district != NULL && i < wh_result_rows(result); i++) {
        take_member(state, query, family, wh_result_row(result, i));
    }
    if (family->n_linked > 0) {
        VIEW_SELECT(query, SELECT_WHISTLES, on_linked, WH_A(family->linked, family->n_linked));
        return;
    }
    wh_query_set_data(query, family->data);
    end(state, query, family);
}

void view_family(struct dispatch *state, struct wh_query *query, struct family *family,
                 view_then_fn then)
{
    int64_t roots[WIRE_PAGE_MAX];
    if (family->n == 0) {
        then(state, query);
        return;
    }
    for (size_t i = 0; i < family->n; i++) {
        roots[i] = family->members[i].root;
    }
    family->then = then;
    family->data = wh_query_data(query);
    wh_query_set_data(query, family);
    VIEW_SELECT(query, SELECT_FAMILY, on_members, WH_A(roots, family->n));
}
