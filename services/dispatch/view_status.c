// SPDX-License-Identifier: Apache-2.0
// For operators: how much is open, what is overdue, who lags behind, what was set aside. Numbers
// and names of programs only, no business data.
#include <string.h>

#include "dispatch/view.h"
#include "runtime/deadletter.h"

struct following {
    struct wh_arena *arena;
    int64_t head;
    size_t n, cap;
    Whistle__V1__FollowerLag **rows;
};

static void add_follower(void *arg, const char *name, const char *identity, int64_t seen,
                         bool connected)
{
    struct following *f = arg;
    Whistle__V1__FollowerLag *row = wh_arena_alloc(f->arena, sizeof *row);
    if (row == NULL || f->n == f->cap) {
        return;
    }
    *row = (Whistle__V1__FollowerLag)WHISTLE__V1__FOLLOWER_LAG__INIT;
    row->name = wh_arena_strdup(f->arena, name);
    row->identity = wh_arena_strdup(f->arena, identity);
    row->seen = seen;
    row->lag = f->head - seen;
    row->connected = connected;
    if (row->name != NULL && row->identity != NULL) {
        f->rows[f->n++] = row;
    }
}

static void on_counts(void *arg, struct wh_query *query, const struct wh_result *result)
{
    const struct dispatch *state = arg;
    Whistle__V1__DispatchStatus status = WHISTLE__V1__DISPATCH_STATUS__INIT;
    struct following f = {
        .arena = wh_query_arena(query), .head = wh_head_seq(state->runtime), .cap = 1000};
    const struct wh_row *row = wh_result_row(result, 0);
    status.open_whistles = wh_row_int(row, 0);
    status.open_tasks = wh_row_int(row, 1);
    status.overdue_tasks = wh_row_int(row, 2);
    status.dead_letters = wh_row_int(row, 3);
    status.now_at = wh_query_now(query);
    status.waiting_notices = wh_row_int(row, 4);
    status.routing_version = state->district == NULL ? 0 : wh_district_version(state->district);
    f.rows = wh_arena_calloc(f.arena, f.cap, sizeof *f.rows);
    if (f.rows != NULL) {
        wh_followers_each(state->runtime, add_follower, &f);
    }
    status.followers = f.rows;
    status.n_followers = f.n;
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_STATUS, &status.base);
}

// Also before the first district: an operator looks whether it has come.
void view_status(void *arg, struct wh_query *query, const struct wh_item *item)
{
    (void)arg;
    (void)item;
    VIEW_SELECT(query, SELECT_COUNTS, on_counts, WH_L(wh_query_now(query)));
}

static void on_health(void *arg, struct wh_query *query, const struct wh_result *result)
{
    const struct dispatch *state = arg;
    Whistle__V1__Health health;
    wh_health(state->runtime, wh_result_row(result, 0), wh_query_arena(query), &health);
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_HEALTH, &health.base);
}

void view_health(void *arg, struct wh_query *query, const struct wh_item *item)
{
    (void)arg;
    (void)item;
    if (wh_query_select(query, SELECT_HEALTH, NULL, 0, on_health) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// ---- dead letters -------------------------------------------------------------------------------

static char *text_of(struct wh_arena *arena, const struct wh_row *row, int column)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    char *text = wh_arena_dup(arena, bytes, n);
    return text == NULL ? (char *)protobuf_c_empty_string : text;
}

static Whistle__V1__DeadLetter *dead_letter(struct wh_arena *arena, const struct wh_row *row)
{
    Whistle__V1__DeadLetter *letter = wh_arena_alloc(arena, sizeof *letter);
    if (letter == NULL) {
        return NULL;
    }
    *letter = (Whistle__V1__DeadLetter)WHISTLE__V1__DEAD_LETTER__INIT;
    letter->id = wh_row_int(row, 0);
    letter->at = wh_row_int(row, 1);
    letter->feed = text_of(arena, row, 2);
    letter->seq = wh_row_int(row, 3);
    letter->object = wh_row_int(row, 4);
    letter->sqlstate = text_of(arena, row, 5);
    letter->why = text_of(arena, row, 6);
    return letter;
}

static void on_dead_letters(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    const Whistle__V1__ListDeadLetters *ask = (const void *)wh_query_item(query)->message;
    struct wh_arena arena;
    Whistle__V1__DeadLetters letters = WHISTLE__V1__DEAD_LETTERS__INIT;
    size_t rows = wh_result_rows(result);
    wh_arena_init(&arena, VIEW_ARENA);
    letters.rows = wh_arena_calloc(&arena, rows + 1, sizeof *letters.rows);
    for (size_t i = 0; letters.rows != NULL && i < rows; i++) {
        letters.rows[i] = dead_letter(&arena, wh_result_row(result, i));
        if (letters.rows[i] == NULL) {
            break;
        }
        letters.n_rows++;
    }
    if (rows > 0 && rows == wire_limit(ask->limit) && letters.n_rows == rows) {
        letters.cursor = view_cursor(&arena, 1, &letters.rows[rows - 1]->id);
    }
    if (letters.n_rows < rows) {
        view_too_large(query);
    } else {
        view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_DEAD_LETTERS, &letters.base);
    }
    wh_arena_done(&arena);
}

void view_dead_letters(void *arg, struct wh_query *query, const struct wh_item *item)
{
    (void)arg;
    const Whistle__V1__ListDeadLetters *ask = (const void *)item->message;
    struct wire_fault fault;
    int64_t after = 0;
    if (wire_check(item, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return;
    }
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &after)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    VIEW_SELECT(query, SELECT_DEAD_LETTERS, on_dead_letters, WH_L(after),
                WH_I(wire_limit(ask->limit)));
}

// Asynchronous: the answer says that it is tried, the list says whether it went through.
void view_retry(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct dispatch *state = arg;
    const Whistle__V1__RetryDeadLetter *ask = (const void *)item->message;
    Whistle__V1__DeadLetters none = WHISTLE__V1__DEAD_LETTERS__INIT;
    struct wire_fault fault;
    if (wire_check(item, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
    } else if (wh_deadletter_retry(state->runtime, ask->id) != 0) {
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
    } else {
        view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_DEAD_LETTERS, &none.base);
    }
}
