// SPDX-License-Identifier: Apache-2.0
// The queries' common part. See view.h.
#include "dispatch/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "dispatch/words.h"

#define SEES_ALL                                                                                \
    (WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_AUDITOR | WH_ROLE_SERVICE | WH_ROLE_OPERATOR | \
     WH_ROLE_SHEET)

bool view_begin(struct dispatch *state, struct wh_query *query, const struct wh_item *item)
{
    struct wire_fault fault;
    if (wire_check(item, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return false;
    }
    if (state->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return false;
    }
    return true;
}

size_t view_below(const struct wh_district *district, int32_t party, int64_t *ids, size_t max)
{
    const struct wh_unit *above = wh_district_unit_by_id(district, party);
    size_t n_parties, n = 0;
    const struct wh_party *parties = wh_district_parties(district, &n_parties);
    if (above == NULL && max > 0) {
        ids[n++] = party;
    }
    for (size_t i = 0; above != NULL && i < n_parties && n < max; i++) {
        if (parties[i].unit != NULL && wh_district_is_within(district, parties[i].unit, above)) {
            ids[n++] = parties[i].id;
        }
    }
    return n;
}

void view_viewer(const struct dispatch *state, const struct wh_item *item,
                 struct viewer *ret_viewer)
{
    ret_viewer->party = wh_district_id(state->district, item->actor.identity);
    ret_viewer->everything = (item->actor.roles & SEES_ALL) != 0;
    ret_viewer->n_units = 0;
    if (!ret_viewer->everything) {
        ret_viewer->n_units =
            view_below(state->district, ret_viewer->party, ret_viewer->units, VIEW_UNITS);
    }
}

bool view_is_own(const struct viewer *viewer, int32_t party)
{
    for (size_t i = 0; party != 0 && i < viewer->n_units; i++) {
        if (viewer->units[i] == party) {
            return true;
        }
    }
    return false;
}

bool view_may(const struct viewer *viewer, const struct whistle *w)
{
    if (viewer->everything || view_is_own(viewer, w->unit) || view_is_own(viewer, w->street) ||
        view_is_own(viewer, w->place) || view_is_own(viewer, w->asked_by)) {
        return true;
    }
    for (size_t i = 0; i < w->n_joint; i++) {
        if (view_is_own(viewer, w->joint[i])) {
            return true;
        }
    }
    return viewer->party != 0 && whistle_task(w, viewer->party) != NULL;
}

// ---- results ------------------------------------------------------------------------------------

bool view_event(const struct wh_result *journal, size_t i, struct wh_arena *arena,
                struct view_event *ret_event)
{
    size_t n;
    const uint8_t *body = wh_row_bytes(wh_result_row(journal, i), 4, &n);
    const Whistle__V1__Event *envelope =
        (const void *)wh_unpack_ample(&whistle__v1__event__descriptor, arena, body, n, NULL);
    if (envelope == NULL) {
        return false;
    }
    ret_event->envelope = envelope;
    ret_event->event =
        (const void *)wh_unpack_ample(&whistle__v1__dispatch_event__descriptor, arena,
                                      envelope->payload.data, envelope->payload.len, NULL);
    return ret_event->event != NULL &&
           wh_oneof_get(&ret_event->event->base, &ret_event->member) != 0;
}

void view_each(const struct wh_result *result, struct store_gather *gather,
               void (*fn)(void *arg, const struct whistle *w, const struct store_gather *gather),
               void *arg)
{
    gather->room.whistle.number = 0;
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        const struct whistle *w = store_take(gather, wh_result_row(result, i));
        if (w != NULL) {
            fn(arg, w, gather);
        }
    }
}

void view_delivered(const struct dispatch *state, const struct whistle *w,
                    const struct store_gather *gather, const struct task *t,
                    Whistle__V1__Task *shown)
{
    size_t i = (size_t)(t - w->tasks);
    if (shown->state == TASK(PENDING) &&
        (gather->told[i] || wh_seen_by(state->runtime, shown->department) >= gather->assigned[i])) {
        shown->state = TASK(DELIVERED);
    }
}

void view_delivered_all(const struct dispatch *state, const struct whistle *w,
                        const struct store_gather *gather, Whistle__V1__Whistle *shown)
{
    for (size_t i = 0; i < shown->n_tasks; i++) {
        int32_t department = wh_district_id(state->district, shown->tasks[i]->department);
        const struct task *t = whistle_task(w, department);
        if (t != NULL) {
            view_delivered(state, w, gather, t, shown->tasks[i]);
        }
    }
}

// ---- one whistle --------------------------------------------------------------------------------

struct one {
    view_whistle_fn then;
    struct viewer *viewer;
    struct store_gather gather;
};

static void on_journal(void *arg, struct wh_query *query, const struct wh_result *journal)
{
    struct one *one = wh_query_data(query);
    struct view_whistle view = {.whistle = &one->gather.room.whistle,
                                .gather = &one->gather,
                                .journal = journal,
                                .arena = wh_query_arena(query)};
    one->then(arg, query, &view);
}

static void ask_journal(struct wh_query *query)
{
    const struct one *one = wh_query_data(query);
    VIEW_SELECT(query, SELECT_JOURNAL, on_journal,
                WH_A((const int64_t[]){one->gather.room.whistle.number}, 1));
}

// Who raised what is joined to a matter, or goes on there, may look at the matter. Columns as
// load_audience_row has them.
static bool stands_behind(const struct viewer *viewer, const struct wh_row *row)
{
    int64_t list[TASKS_MAX];
    for (int column = 2; column <= 4; column++) {
        if (view_is_own(viewer, (int32_t)wh_row_int(row, column))) {
            return true;
        }
    }
    for (int column = 5; column <= 6; column++) {
        size_t n = wh_row_ints(row, column, list, TASKS_MAX);
        for (size_t i = 0; i < n; i++) {
            if (view_is_own(viewer, (int32_t)list[i])) {
                return true;
            }
        }
    }
    return false;
}

static void on_audience(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    const struct one *one = wh_query_data(query);
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        if (stands_behind(one->viewer, wh_result_row(result, i))) {
            ask_journal(query);
            return;
        }
    }
    wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "number", NULL);
}

static void on_whistle(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dispatch *state = arg;
    struct one *one = wh_query_data(query);
    struct viewer *viewer = wh_arena_alloc(wh_query_arena(query), sizeof *viewer);
    const struct whistle *w = NULL;
    if (viewer == NULL || state->district == NULL) {
        view_too_large(query);
        return;
    }
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        w = store_take(&one->gather, wh_result_row(result, i));
    }
    view_viewer(state, wh_query_item(query), viewer);
    if (w == NULL) {
        view_not_found(query);
        return;
    }
    one->viewer = viewer;
    if (view_may(viewer, w)) {
        ask_journal(query);
    } else if (w->flags & WHISTLE_MATTER) {
        VIEW_SELECT(query, SELECT_AUDIENCE, on_audience, WH_A((const int64_t[]){w->number}, 1));
    } else {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "number", NULL);
    }
}

void view_whistle(struct dispatch *state, struct wh_query *query, const char *number,
                  view_whistle_fn then)
{
    struct wire_target target;
    struct one *one = wh_arena_calloc(wh_query_arena(query), 1, sizeof *one);
    if (one == NULL) {
        view_too_large(query);
        return;
    }
    if (wire_parse(number, &target) != 0 ||
        strcmp(target.prefix, wh_district_prefix(state->district)) != 0) {
        view_not_found(query);
        return;
    }
    one->then = then;
    wh_query_set_data(query, one);
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistle, WH_A((const int64_t[]){target.whistle}, 1));
}

// ---- answers ------------------------------------------------------------------------------------

bool view_cursor_parse(const char *cursor, size_t n, int64_t *ret_numbers)
{
    for (size_t i = 0; i < n; i++) {
        char *end;
        ret_numbers[i] = strtoll(cursor, &end, 10);
        if (end == cursor || *end != (i + 1 < n ? '.' : '\0')) {
            return false;
        }
        cursor = end + 1;
    }
    return true;
}

char *view_cursor(struct wh_arena *arena, size_t n, const int64_t *numbers)
{
    char text[80];
    int at = 0;
    for (size_t i = 0; i < n && i < 3; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, i == 0 ? "%" PRId64 : ".%" PRId64,
                       numbers[i]);
    }
    char *copy = wh_arena_strdup(arena, text);
    return copy == NULL ? (char *)protobuf_c_empty_string : copy;
}

bool view_append(struct wh_arena *arena, void ***list, size_t *n, void *item)
{
    void **more = wh_arena_calloc(arena, *n + 1, sizeof *more);
    if (more == NULL) {
        return false;
    }
    if (*n > 0) {
        memcpy(more, *list, *n * sizeof *more);
    }
    more[(*n)++] = item;
    *list = more;
    return true;
}

void view_answer(struct wh_query *query, Whistle__V1__DispatchAnswer__WhatCase what,
                 const ProtobufCMessage *member)
{
    Whistle__V1__DispatchAnswer answer = WHISTLE__V1__DISPATCH_ANSWER__INIT;
    answer.what_case = what;
    answer.whistle = (Whistle__V1__Whistle *)(uintptr_t)member; // one union of pointers
    wh_query_answer(query, &answer.base);
}

void view_too_large(struct wh_query *query)
{
    wh_query_refuse(query, WH_RULE_TOO_LARGE, NULL, "ask for a smaller page");
}

void view_not_found(struct wh_query *query)
{
    wh_query_refuse(query, WH_RULE_NOT_FOUND, "number", NULL);
}
