// SPDX-License-Identifier: Apache-2.0
// How a report stands: to who has its code what concerns the reporter, to everybody else category,
// community, day and state of what a person has reviewed. An unknown number and a wrong code are
// answered alike.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "gateway/handler_district.h"
#include "gateway/handler_public.h"
#include "gateway/handler_reply.h"

#define CARDS_DEFAULT 50
#define CARDS_MAX 200

int public_number_of(const struct gateway_ask *ask, struct wh_str text,
                     char ret_number[WH_NUMBER_MAX], int64_t *ret_id)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    char prefix[WH_PREFIX_MAX + 1];
    text = wh_str_trim(text);
    if (district == NULL || text.n == 0 || text.n >= WH_NUMBER_MAX)
        return WH_E_NOTFOUND;
    memcpy(ret_number, text.p, text.n);
    ret_number[text.n] = 0;
    if (wh_number_parse(ret_number, prefix, ret_id) != 0 ||
        strcmp(prefix, wh_district_prefix(district)) != 0)
        return WH_E_NOTFOUND;
    return 0;
}

// ---- one ----------------------------------------------------------------------------------------

struct status_ask {
    int64_t id;
    bool knows_code;
};

static void answer_unknown(struct gateway_ask *ask)
{
    reply_rule(ask, WH_RULE_PUBLIC_CODE, "number", NULL);
}

// Its own reporter asks before dispatch has heard of it.
static void answer_young(struct gateway_ask *ask, const struct status_ask *asked)
{
    const struct public_row row = {.id = asked->id,
                                   .category = "",
                                   .state = WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_SUBMITTED};
    Whistle__V1__PublicStatus *status =
        public_status(gateway_district(ask->gateway), &row, ask->arena);
    if (status == NULL)
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        reply_message(ask, 200, &status->base);
}

static void answer_row(struct gateway_ask *ask, const struct status_ask *asked,
                       const struct public_row *row)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicStatus card = WHISTLE__V1__PUBLIC_STATUS__INIT, *status = &card;
    if (!asked->knows_code && (!row->reviewed || !public_row_is_shown(district, row))) {
        answer_unknown(ask);
        return;
    }
    if (asked->knows_code)
        status = public_status(district, row, ask->arena);
    else
        card.card = public_card(district, row, ask->arena);
    if (status == NULL || status->card == NULL)
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        reply_message(ask, 200, &status->base);
}

static void got_reported(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    const struct status_ask *asked = ask->data;
    struct public_row row;
    if (status != 0 || gateway_district(ask->gateway) == NULL)
        reply_silent(ask, status != 0 ? status : WH_E_BUSY);
    else if (PQntuples(result) == 1 && public_read_row(result, 0, ask->arena, &row) == 0)
        answer_row(ask, asked, &row);
    else if (asked->knows_code)
        answer_young(ask, asked);
    else
        answer_unknown(ask);
}

// May the number's code be tried, and is it right? False: answered.
static bool check_code(struct gateway_ask *ask, const char *number, const char *code,
                       struct status_ask *asked)
{
    int64_t wait = public_admit_guess(ask, number);
    if (wait > 0) {
        public_refuse_often(ask, wait);
        return false;
    }
    asked->knows_code = public_code_right(ask->gateway, asked->id, code);
    if (asked->knows_code)
        return true;
    public_count_guess(ask, number);
    answer_unknown(ask);
    return false;
}

void on_public_status(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    char number[WH_NUMBER_MAX], id[24];
    const Whistle__V1__PublicAsk *body =
        (const Whistle__V1__PublicAsk *)(void *)public_body(ask, &fault);
    struct status_ask *asked = wh_arena_calloc(ask->arena, 1, sizeof *asked);
    int64_t wait = public_admit_look(ask);
    if (wait > 0) {
        public_refuse_often(ask, wait);
        return;
    }
    if (body == NULL || asked == NULL) {
        reply_fault(ask, &fault);
        return;
    }
    if (public_number_of(ask, wh_str(body->number), number, &asked->id) != 0) {
        answer_unknown(ask);
        return;
    }
    if (body->code[0] != 0 && !check_code(ask, number, body->code, asked))
        return;
    ask->data = asked;
    (void)snprintf(id, sizeof id, "%lld", (long long)asked->id);
    const char *const params[] = {id};
    int rc = public_read(ask, READ_REPORTED, params, got_reported);
    if (rc != 0)
        reply_silent(ask, rc);
}

// ---- what is reported in a community ------------------------------------------------------------

static void got_whistles(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    const int *limit = ask->data;
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicCards cards = WHISTLE__V1__PUBLIC_CARDS__INIT;
    Whistle__V1__PublicCard *list[CARDS_MAX];
    char cursor[24];
    struct public_row row = {.id = 0};
    if (status != 0 || district == NULL) {
        reply_silent(ask, status != 0 ? status : WH_E_BUSY);
        return;
    }
    cards.whistles = list;
    int n = PQntuples(result);
    for (int i = 0; i < n && i < CARDS_MAX; i++) {
        if (public_read_row(result, i, ask->arena, &row) != 0 ||
            !public_row_is_shown(district, &row))
            continue;
        list[cards.n_whistles] = public_card(district, &row, ask->arena);
        cards.n_whistles += list[cards.n_whistles] != NULL;
    }
    if (n == *limit) {
        (void)snprintf(cursor, sizeof cursor, "%lld", (long long)row.id);
        cards.cursor = cursor;
    }
    reply_message(ask, 200, &cards.base);
}

// A query parameter as text, "" where absent. NULL: answered.
static const char *parameter(struct gateway_ask *ask, const char *name)
{
    struct wh_str value = {"", 0};
    int rc = http_query_get(ask->request, name, &value);
    if (rc == 0 || rc == WH_E_NOTFOUND)
        return value.p;
    reply_rule(ask, WH_RULE_FIELD_FORMAT, name, NULL);
    return NULL;
}

// "": all places; else the community with its grids. NULL: there is no such community.
static const char *places_of(struct gateway_ask *ask, const char *community)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    const struct wh_unit *unit = wh_district_unit(district, community);
    size_t n = 0, used = 0;
    if (community[0] == 0)
        return "";
    if (unit == NULL || !wh_unit_is_community(unit))
        return NULL;
    const struct wh_party *parties = wh_district_parties(district, &n);
    char *text = wh_arena_alloc(ask->arena, 12 * n + 16);
    for (size_t i = 0; text != NULL && i < n; i++)
        if (parties[i].unit != NULL && wh_district_is_within(district, parties[i].unit, unit))
            used += (size_t)snprintf(text + used, 13, "%s%d", used > 0 ? "," : "", parties[i].id);
    return text;
}

void on_public_whistles(struct gateway_ask *ask)
{
    int *limit = wh_arena_calloc(ask->arena, 1, sizeof *limit);
    int64_t wait = public_admit_look(ask);
    if (wait > 0 || gateway_district(ask->gateway) == NULL || limit == NULL) {
        if (wait > 0)
            public_refuse_often(ask, wait);
        else
            reply_rule(ask, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    const char *community = parameter(ask, "community");
    const char *category = community != NULL ? parameter(ask, "category") : NULL;
    const char *cursor = category != NULL ? parameter(ask, "cursor") : NULL;
    const char *asked = cursor != NULL ? parameter(ask, "limit") : NULL;
    if (asked == NULL)
        return;
    const char *places = places_of(ask, community);
    const char *categories = public_categories(ask, &category, category[0] != 0, false);
    char *end = NULL, before[24], n[16];
    long long upto = strtoll(cursor, &end, 10);
    if (places == NULL || *end != 0 || upto < 0) {
        reply_rule(ask, WH_RULE_FIELD_UNKNOWN, places == NULL ? "community" : "cursor", NULL);
        return;
    }
    *limit = atoi(asked) > 0 && atoi(asked) <= CARDS_MAX ? atoi(asked) : CARDS_DEFAULT;
    ask->data = limit;
    (void)snprintf(before, sizeof before, "%lld", upto > 0 ? upto - 1 : INT64_MAX);
    (void)snprintf(n, sizeof n, "%d", *limit);
    const char *const params[] = {"0", before, categories, places, "", "0", n};
    int rc = categories == NULL ? WH_E_NOMEM : public_read(ask, READ_PUBLIC, params, got_whistles);
    if (rc != 0)
        reply_silent(ask, rc);
}
