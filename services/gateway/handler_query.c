// SPDX-License-Identifier: Apache-2.0
// Questions of operators: what the gateway knows of itself, what was set aside.
#include <stdio.h>

#include "gateway/handler.h"
#include "gateway/wire.h"
#include "runtime/deadletter.h"

#define ANSWER(name) WHISTLE__V1__GATEWAY_ANSWER__WHAT_##name

static void answer_letters(struct wh_query *query, Whistle__V1__DeadLetters *letters)
{
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    answer.what_case = ANSWER(DEAD_LETTERS);
    answer.dead_letters = letters;
    wh_query_answer(query, &answer.base);
}

static char *text_of(struct wh_arena *arena, const struct wh_row *row, int column)
{
    size_t n = 0;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    char *text = wh_arena_dup(arena, bytes, n);
    return text == NULL ? (char *)(uintptr_t)protobuf_c_empty_string : text;
}

static void read_letter(struct wh_arena *arena, const struct wh_row *row,
                        Whistle__V1__DeadLetter *letter)
{
    whistle__v1__dead_letter__init(letter);
    letter->id = wh_row_int(row, 0);
    letter->at = wh_row_int(row, 1);
    letter->feed = text_of(arena, row, 2);
    letter->seq = wh_row_int(row, 3);
    letter->object = wh_row_int(row, 4);
    letter->sqlstate = text_of(arena, row, 5);
    letter->why = text_of(arena, row, 6);
}

static void got_letters(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct wh_arena *arena = wh_query_arena(query);
    size_t n = wh_result_rows(result);
    Whistle__V1__DeadLetters letters = WHISTLE__V1__DEAD_LETTERS__INIT;
    Whistle__V1__DeadLetter *rows = wh_arena_calloc(arena, n + 1, sizeof *rows);
    char cursor[24];
    (void)arg;
    letters.rows = wh_arena_calloc(arena, n + 1, sizeof(Whistle__V1__DeadLetter *));
    if (rows == NULL || letters.rows == NULL) {
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        read_letter(arena, wh_result_row(result, i), &rows[i]);
        letters.rows[letters.n_rows++] = &rows[i];
    }
    if (n > 0) {
        (void)snprintf(cursor, sizeof cursor, "%lld", (long long)rows[n - 1].id);
        letters.cursor = cursor;
    }
    answer_letters(query, &letters);
}

void query_dead_letters(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ListDeadLetters *ask = (const Whistle__V1__ListDeadLetters *)item->message;
    struct wire_fault fault;
    struct wire_page page;
    (void)arg;
    if (wire_page(ask->cursor, ask->limit, &page, &fault) != 0)
        wh_query_refuse(query, fault.rule, fault.field, NULL);
    else if (WH_SELECT(query, SELECT_DEAD_LETTERS, got_letters, WH_L(page.after),
                       WH_I(page.limit)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// Asynchronous: the answer says that it is tried, the list says whether it went through.
void query_retry(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct gateway *gateway = arg;
    const Whistle__V1__RetryDeadLetter *ask = (const Whistle__V1__RetryDeadLetter *)item->message;
    Whistle__V1__DeadLetters none = WHISTLE__V1__DEAD_LETTERS__INIT;
    if (ask->id <= 0)
        wh_query_refuse(query, WH_RULE_FIELD_MISSING, "id", NULL);
    else if (wh_deadletter_retry(gateway->runtime, ask->id) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
    else
        answer_letters(query, &none);
}

static void got_health(void *arg, struct wh_query *query, const struct wh_result *result)
{
    const struct gateway *gateway = arg;
    Whistle__V1__GatewayAnswer answer = WHISTLE__V1__GATEWAY_ANSWER__INIT;
    Whistle__V1__Health health;
    wh_health(gateway->runtime, wh_result_row(result, 0), wh_query_arena(query), &health);
    answer.what_case = ANSWER(HEALTH);
    answer.health = &health;
    wh_query_answer(query, &answer.base);
}

void query_health(void *arg, struct wh_query *query, const struct wh_item *item)
{
    (void)arg;
    (void)item;
    if (wh_query_select(query, SELECT_HEALTH, NULL, 0, got_health) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}
