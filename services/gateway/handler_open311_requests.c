// SPDX-License-Identifier: Apache-2.0
// GET requests: without a key's scope open311.all what dispatch.v_public shows, by the day and at
// the community's coordinates; with it what the key's unit or body sees, as exactly as it is known.
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/time.h"
#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "gateway/handler_open311.h"
#include "gateway/handler_public.h"
#include "gateway/public_place.h"
#include "gateway/store_public.h"
#include "runtime/row.h"
#include "whistle/v1/dispatch.pb-c.h"

// ---- rows ---------------------------------------------------------------------------------------

static void fill(const struct gateway_ask *ask, const struct public_row *row,
                 struct open311_request *request)
{
    const struct open311_ask *mine = ask->data;
    const struct wh_unit *place = wh_district_unit_by_id(mine->view.district, row->place);
    const struct wh_unit *community = public_community(mine->view.district, place);
    *request = (struct open311_request){.number = row->id,
                                        .category = row->category,
                                        .state = row->state,
                                        .joined = row->joined,
                                        .by_day = !mine->sees_all,
                                        .requested_at = row->submitted_at,
                                        .updated_at = row->updated_at,
                                        .expected_at = row->due_resolve,
                                        .agencies = row->bodies,
                                        .n_agencies = row->n_bodies};
    if (community == NULL)
        return;
    request->address_id = community->row->code;
    request->has_point = community->has_place;
    request->lat = community->lat;
    request->lon = community->lon;
}

static void fill_all(const struct gateway_ask *ask, const PGresult *result, int i,
                     const struct public_row *row, struct open311_request *request)
{
    const struct wh_row cells = {.result = result, .row = i};
    fill(ask, row, request);
    request->priority = row->priority;
    if (wh_row_null(&cells, READ_OPEN311_LAT) || wh_row_null(&cells, READ_OPEN311_LON))
        return;
    request->has_point = true;
    request->lat = (double)wh_row_int(&cells, READ_OPEN311_LAT) / 1e6;
    request->lon = (double)wh_row_int(&cells, READ_OPEN311_LON) / 1e6;
}

// Row i as a document's row; NULL where it is not to be shown.
static json_t *row_json(struct gateway_ask *ask, const PGresult *result, int i)
{
    struct open311_ask *mine = ask->data;
    struct public_row *row = &mine->row;
    if (public_read_row(result, i, ask->arena, row) != 0)
        return NULL;
    if (mine->sees_all)
        fill_all(ask, result, i, row, &mine->request);
    else if (public_row_is_shown(mine->view.district, row))
        fill(ask, row, &mine->request);
    else
        return NULL;
    return open311_request(&mine->view, &mine->request);
}

static void got_list(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    if (status != 0) {
        open311_refuse_rule(ask, WH_RULE_BUSY_DATABASE, NULL);
        return;
    }
    json_t *list = json_array();
    for (int i = 0; i < PQntuples(result); i++) {
        json_t *row = row_json(ask, result, i);
        if (row != NULL)
            (void)json_array_append_new(list, row);
    }
    open311_reply(ask, 200, OPEN311_REQUESTS, list);
}

// ---- asking -------------------------------------------------------------------------------------

struct range {
    int64_t from, to; // ms, both included
};

// The span asked for; at most 90 days, which is also what is meant where nothing is said.
static bool span_of(struct gateway_ask *ask, struct range *ret_range)
{
    const struct open311_ask *mine = ask->data;
    const int64_t most = OPEN311_DAYS_MAX * WH_MS_DAY;
    struct range range = {mine->query.start_at, mine->query.end_at};
    if (range.to == 0)
        range.to = range.from != 0 ? range.from + most : wh_wall_now() + WH_MS_DAY;
    if (range.from == 0)
        range.from = range.to - most;
    if (range.to - range.from > most) {
        open311_refuse(ask, 400, "end_date: at most 90 days after start_date");
        return false;
    }
    *ret_range = range;
    return true;
}

// public and all: the same question to those who see what is public, and to those who see more.
static void run(struct gateway_ask *ask, enum read_statement public, enum read_statement all,
                const char *const *params, read_fn fn)
{
    const struct open311_ask *mine = ask->data;
    struct read_who who = {.everything = false};
    int rc = 0;
    if (!mine->sees_all) {
        rc = public_read(ask, public, params, fn);
    } else {
        rc = api_who(ask, &who) == WH_RULE_NONE ? 0 : WH_E_BUSY;
        if (rc == 0)
            rc = reads_run(ask->gateway->reads, all, &who, params, fn, ask);
    }
    if (rc != 0)
        open311_refuse_rule(ask, WH_RULE_BUSY_DATABASE, NULL);
}

static void run_ids(struct gateway_ask *ask, const int64_t *ids, size_t n, read_fn fn)
{
    size_t room = 24 * n + 1, used = 0;
    char *text = wh_arena_calloc(ask->arena, 1, room);
    for (size_t i = 0; text != NULL && i < n; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)ids[i]);
    const char *const params[] = {text};
    if (text == NULL)
        open311_refuse_rule(ask, WH_RULE_INTERNAL, NULL);
    else
        run(ask, READ_PUBLIC_IDS, READ_ALL_IDS, params, fn);
}

// A row's day is its number's: what is public is asked for by days, both included.
static void run_range(struct gateway_ask *ask, const struct range *range, read_fn fn)
{
    const struct open311_ask *mine = ask->data;
    const struct open311_query *query = &mine->query;
    const struct wh_district *district = mine->view.district;
    char first[24], last[24], from[24], to[24], offset[24], limit[24];
    int64_t skip = (int64_t)(query->page - 1) * query->page_size;
    const char *codes = public_categories(ask, query->codes, query->n_codes, mine->sees_all);
    const char *status = query->open == query->closed ? "" : query->open ? "open" : "closed";
    (void)snprintf(first, sizeof first, "%lld",
                   (long long)wh_object_make(wh_district_day(district, range->from), 1));
    (void)snprintf(
        last, sizeof last, "%lld",
        (long long)wh_object_make(wh_district_day(district, range->to), WH_NUMBER_N_MAX));
    (void)snprintf(from, sizeof from, "%lld", (long long)range->from);
    (void)snprintf(to, sizeof to, "%lld", (long long)range->to);
    (void)snprintf(offset, sizeof offset, "%lld", (long long)skip);
    (void)snprintf(limit, sizeof limit, "%d", query->page_size);
    const char *const public[] = {first, last, codes, "", status, offset, limit};
    const char *const all[] = {first, last, from, to, codes, status, offset, limit};
    if (codes == NULL)
        open311_refuse_rule(ask, WH_RULE_INTERNAL, NULL);
    else
        run(ask, READ_PUBLIC, READ_ALL, mine->sees_all ? all : public, fn);
}

void open311_list(struct gateway_ask *ask)
{
    const struct open311_ask *mine = ask->data;
    struct range range;
    if (!mine->sees_all && public_admit_look(ask) > 0)
        open311_refuse_rule(ask, WH_RULE_PUBLIC_OFTEN, NULL);
    else if (mine->query.by_ids)
        run_ids(ask, mine->query.ids, mine->query.n_ids, got_list);
    else if (span_of(ask, &range))
        run_range(ask, &range, got_list);
}

// ---- one ----------------------------------------------------------------------------------------

// What is known of it at dispatch's door in the key's own name: the words and the address.
static void got_words(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct open311_ask *mine = ask->data;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const Whistle__V1__Whistle *whistle = (const Whistle__V1__Whistle *)(const void *)api_member(
        DOOR_DISPATCH, status, answer, "whistle", &arena);
    if (whistle != NULL) {
        mine->request.text = whistle->text;
        if (whistle->place != NULL)
            mine->request.address = whistle->place->address;
    }
    json_t *list = json_pack("[o]", open311_request(&mine->view, &mine->request));
    wh_arena_done(&arena);
    open311_reply(ask, 200, OPEN311_REQUESTS, list);
}

static void ask_words(struct gateway_ask *ask)
{
    const struct open311_ask *mine = ask->data;
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ShowWhistle show = WHISTLE__V1__SHOW_WHISTLE__INIT;
    char number[WH_NUMBER_MAX] = "";
    (void)wh_number_format(wh_district_prefix(mine->view.district), mine->request.number, number);
    show.number = number;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SHOW;
    command.show = &show;
    const struct gateway_call_as as = {
        .identity = mine->key.identity, .officer = "", .fn = got_words, .arg = ask};
    if (gateway_call_as(ask->gateway, DOOR_DISPATCH, &command.base, &as) != 0)
        open311_refuse_rule(ask, WH_RULE_DOOR_SILENT, NULL);
}

static void got_one(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    const struct open311_ask *mine = ask->data;
    json_t *row = status == 0 && PQntuples(result) == 1 ? row_json(ask, result, 0) : NULL;
    if (status != 0)
        open311_refuse_rule(ask, WH_RULE_BUSY_DATABASE, NULL);
    else if (row == NULL)
        open311_refuse(ask, 404, "service_request_id: no such request");
    else if (mine->token)
        open311_reply(ask, 200, OPEN311_REQUESTS, open311_token(mine->number, mine->number));
    else if (!mine->sees_all)
        open311_reply(ask, 200, OPEN311_REQUESTS, json_pack("[O]", row));
    else
        ask_words(ask);
    json_decref(row);
}

void open311_one(struct gateway_ask *ask)
{
    struct open311_ask *mine = ask->data;
    int64_t id = 0;
    if (!mine->sees_all && public_admit_look(ask) > 0)
        open311_refuse_rule(ask, WH_RULE_PUBLIC_OFTEN, NULL);
    else if (public_number_of(ask, mine->id, mine->number, &id) != 0)
        open311_refuse(ask, 404, "service_request_id: no such request");
    else
        run_ids(ask, &id, 1, got_one);
}

// Requests get their number at once, so none is waiting behind a token; a number asked for as a
// token is answered as one.
void open311_token_of(struct gateway_ask *ask)
{
    ((struct open311_ask *)ask->data)->token = true;
    open311_one(ask);
}
