// SPDX-License-Identifier: Apache-2.0
// Questions without effect: the district, what would become of a whistle, what an unsealing logged
// a moment ago gives, and what stands in the dead letters.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/frame.h"
#include "client/keys.h"
#include "intake/handler.h"
#include "intake/unseal.h"
#include "intake/wire.h"

#define LETTERS_MAX 200

void query_district(void *state, struct wh_query *query, const struct wh_item *item)
{
    const struct intake *intake = state;
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    if (intake->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    // How to reach a desk is for those who call it.
    const unsigned callers =
        WH_ROLE_SERVICE | WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_NOTIFIER;
    Whistle__V1__District district = *wh_district_data(intake->district);
    if ((item->actor.roles & callers) == 0)
        district.n_desks = 0;
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_DISTRICT;
    answer.district = &district;
    wh_query_answer(query, &answer.base);
}

void query_preview(void *state, struct wh_query *query, const struct wh_item *item)
{
    const struct intake *intake = state;
    const Whistle__V1__PreviewWhistle *message = (const Whistle__V1__PreviewWhistle *)item->message;
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    Whistle__V1__WhistlePreview preview = WHISTLE__V1__WHISTLE_PREVIEW__INIT;
    struct who who = intake_who(item);
    struct fault fault = {0};
    struct admitted admitted;
    struct raise ask;
    if (intake->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    if (message->whistle == NULL) {
        wh_query_refuse(query, WH_RULE_FIELD_MISSING, "whistle", NULL);
        return;
    }
    if (wire_raise(message->whistle, &ask, &fault) != 0 ||
        admit(intake->district, &who, &ask, wh_query_now(query), &admitted, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return;
    }
    preview.priority = (Whistle__V1__Priority)admitted.priority;
    preview.waits_for_review = admitted.held;
    preview.missing_answers = (char **)(uintptr_t)admitted.missing;
    preview.n_missing_answers = admitted.n_missing;
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_PREVIEW;
    answer.preview = &preview;
    wh_query_answer(query, &answer.base);
}

// ---- unsealed -------------------------------------------------------------------------------

static void got_persons(void *state, struct wh_query *query, const struct wh_result *result)
{
    struct intake *intake = state;
    struct unsealing *unsealing = wh_query_data(query);
    struct person persons[WHISTLE_PERSONS_MAX];
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    Whistle__V1__Unsealed unsealed;
    size_t n = 0;
    for (size_t i = 0; i < wh_result_rows(result) && n < WHISTLE_PERSONS_MAX; i++) {
        const struct wh_row *row = wh_result_row(result, i);
        size_t wrapped_n = 0;
        const uint8_t *wrapped = wh_row_bytes(row, 1, &wrapped_n);
        n += seal_unwrap(intake->vault_key, wh_row_int(row, 0), wrapped, wrapped_n, &persons[n]) ==
             0;
    }
    if (unseal_open(unsealing, persons, n, wh_query_arena(query), &unsealed) != 0) {
        wh_query_refuse(query, WH_RULE_UNSEAL_NOTHING, "number", NULL);
        return;
    }
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_UNSEALED;
    answer.unsealed = &unsealed;
    wh_query_answer(query, &answer.base);
}

static int read_trail(struct unsealing *unsealing, struct wh_arena *arena,
                      const struct wh_result *result, const char *identity)
{
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        size_t n = 0;
        const uint8_t *body = wh_row_bytes(wh_result_row(result, i), 0, &n);
        const Whistle__V1__Event *event = (const Whistle__V1__Event *)wh_unpack_ample(
            &whistle__v1__event__descriptor, arena, body, n, NULL);
        const Whistle__V1__IntakeEvent *payload =
            event == NULL ? NULL
                          : (const Whistle__V1__IntakeEvent *)wh_unpack_ample(
                                &whistle__v1__intake_event__descriptor, arena, event->payload.data,
                                event->payload.len, NULL);
        if (payload == NULL || unseal_read(unsealing, event, payload, identity, arena) != 0)
            return WH_E_INVALID;
    }
    return 0;
}

static void got_trail(void *state, struct wh_query *query, const struct wh_result *result)
{
    struct intake *intake = state;
    struct who who = intake_who(wh_query_item(query));
    struct wh_arena *arena = wh_query_arena(query);
    struct unsealing *unsealing = wh_arena_calloc(arena, 1, sizeof(*unsealing));
    int rc = unsealing != NULL ? read_trail(unsealing, arena, result, who.identity) : WH_E_NOMEM;
    if (rc != 0)
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
    else if (unsealing->whistle.facts == NULL)
        wh_query_refuse(query, WH_RULE_NOT_FOUND, "number", NULL);
    else if (intake->district == NULL || !unseal_may(intake->district, &unsealing->whistle, &who))
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "number", NULL);
    else if (unsealing->allowed_at == 0 ||
             wh_query_now(query) - unsealing->allowed_at > UNSEAL_WINDOW_MS)
        wh_query_refuse(query, WH_RULE_UNSEAL_NOT_LOGGED, "number", NULL);
    else {
        wh_query_set_data(query, unsealing);
        rc = WH_SELECT(query, SELECT_PERSONS, got_persons,
                       WH_A(unsealing->whistle.persons, unsealing->whistle.n_persons));
        if (rc != 0)
            wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
    }
}

void query_unsealed(void *state, struct wh_query *query, const struct wh_item *item)
{
    const struct intake *intake = state;
    const Whistle__V1__GetUnsealed *message = (const Whistle__V1__GetUnsealed *)item->message;
    int64_t id = intake->district != NULL
                     ? wire_number(message->number, wh_district_prefix(intake->district))
                     : 0;
    if (id == 0)
        wh_query_refuse(query, WH_RULE_NOT_FOUND, "number", NULL);
    else if (WH_SELECT(query, SELECT_TRAIL, got_trail, WH_L(id)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// ---- dead letters ---------------------------------------------------------------------------

static char *row_text(struct wh_arena *arena, const struct wh_row *row, int column)
{
    size_t n = 0;
    const uint8_t *text = wh_row_bytes(row, column, &n);
    return wh_arena_dup(arena, text, n);
}

static bool read_letter(struct wh_arena *arena, const struct wh_row *row,
                        Whistle__V1__DeadLetter *letter)
{
    whistle__v1__dead_letter__init(letter);
    letter->id = wh_row_int(row, 0);
    letter->at = wh_row_int(row, 1);
    letter->feed = row_text(arena, row, 2);
    letter->seq = wh_row_int(row, 3);
    letter->object = wh_row_int(row, 4);
    letter->sqlstate = row_text(arena, row, 5);
    letter->why = row_text(arena, row, 6);
    return letter->feed != NULL && letter->sqlstate != NULL && letter->why != NULL;
}

static void got_letters(void *state, struct wh_query *query, const struct wh_result *result)
{
    struct wh_arena *arena = wh_query_arena(query);
    size_t n = wh_result_rows(result);
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    Whistle__V1__DeadLetters letters = WHISTLE__V1__DEAD_LETTERS__INIT;
    Whistle__V1__DeadLetter *rows = wh_arena_calloc(arena, n + 1, sizeof(*rows));
    char cursor[24];
    (void)state;
    letters.rows = wh_arena_calloc(arena, n + 1, sizeof(Whistle__V1__DeadLetter *));
    bool fits = rows != NULL && letters.rows != NULL;
    for (size_t i = 0; fits && i < n; i++) {
        fits = read_letter(arena, wh_result_row(result, i), &rows[i]);
        letters.rows[letters.n_rows++] = &rows[i];
    }
    if (!fits) {
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    if (n > 0) {
        (void)snprintf(cursor, sizeof(cursor), "%lld", (long long)rows[n - 1].id);
        letters.cursor = cursor;
    }
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_DEAD_LETTERS;
    answer.dead_letters = &letters;
    wh_query_answer(query, &answer.base);
}

void query_dead_letters(void *state, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ListDeadLetters *message =
        (const Whistle__V1__ListDeadLetters *)item->message;
    int32_t limit =
        message->limit <= 0 || message->limit > LETTERS_MAX ? LETTERS_MAX : message->limit;
    char *end = NULL;
    int64_t after = strtoll(message->cursor, &end, 10);
    (void)state;
    if (*end != 0 || after < 0)
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
    else if (WH_SELECT(query, SELECT_DEAD_LETTERS, got_letters, WH_L(after), WH_I(limit)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

static void got_health(void *arg, struct wh_query *query, const struct wh_result *result)
{
    const struct intake *state = arg;
    Whistle__V1__IntakeAnswer answer = WHISTLE__V1__INTAKE_ANSWER__INIT;
    Whistle__V1__Health health;
    wh_health(state->runtime, wh_result_row(result, 0), wh_query_arena(query), &health);
    answer.what_case = WHISTLE__V1__INTAKE_ANSWER__WHAT_HEALTH;
    answer.health = &health;
    wh_query_answer(query, &answer.base);
}

void query_health(void *state, struct wh_query *query, const struct wh_item *item)
{
    (void)state;
    (void)item;
    if (wh_query_select(query, SELECT_HEALTH, NULL, 0, got_health) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}
