// SPDX-License-Identifier: Apache-2.0
// The live district and its tables. See handler_district.h.
#include "gateway/handler_district.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json.h"
#include "gateway/handler_api.h"
#include "gateway/store_read.h"
#include "whistle/v1/api.pb-c.h"

#define LOOK_MS 1000

enum { TABLES = 5 };

struct live {
    struct gateway *gateway;
    struct wh_district *district;
    uv_timer_t timer;
    bool asking, closed;
    struct http_buffer *tables[TABLES]; // made when first asked for
};

// ---- getting it --------------------------------------------------------------------------------

static void forget_tables(struct live *live)
{
    for (size_t i = 0; i < TABLES; i++) {
        http_buffer_unref(live->tables[i]);
        live->tables[i] = NULL;
    }
}

static void on_district(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct live *live = arg;
    struct wh_arena arena;
    struct wh_district *next = NULL;
    live->asking = false;
    wh_arena_init(&arena, API_ARENA);
    const Whistle__V1__District *data =
        (const void *)api_member(DOOR_INTAKE, status, answer, "district", &arena);
    if (data != NULL && wh_district_new(data, &next) == 0) {
        wh_district_free(live->district);
        live->district = next;
        forget_tables(live);
    }
    wh_arena_done(&arena);
}

static void ask(struct live *live)
{
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__GetDistrict get = WHISTLE__V1__GET_DISTRICT__INIT;
    const struct gateway_call_as as = {
        .identity = "", .officer = "", .fn = on_district, .arg = live};
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_GET_DISTRICT;
    command.get_district = &get;
    if (!live->asking)
        live->asking = gateway_call_as(live->gateway, DOOR_INTAKE, &command.base, &as) == 0;
}

static void on_version(void *arg, int status, const PGresult *result)
{
    struct live *live = arg;
    if (status != 0 || wh_row_count(result) != 1 || live->closed)
        return;
    int64_t version = wh_row_int(&(struct wh_row){result, 0}, 0);
    if (version != 0 && (live->district == NULL || version != wh_district_version(live->district)))
        ask(live);
}

static void on_look(uv_timer_t *timer)
{
    struct live *live = timer->data;
    static const struct read_who nobody;
    if (live->district == NULL)
        ask(live);
    else
        (void)reads_run(live->gateway->reads, READ_VERSION, &nobody, NULL, on_version, live);
}

int gateway_district_open(struct gateway *gateway)
{
    struct live *live = calloc(1, sizeof *live);
    if (live == NULL)
        return WH_E_NOMEM;
    live->gateway = gateway;
    live->timer.data = live;
    gateway->live = live;
    uv_timer_init(wh_runtime_loop(gateway->runtime), &live->timer);
    uv_timer_start(&live->timer, on_look, 0, LOOK_MS);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void gateway_district_close(struct gateway *gateway)
{
    struct live *live = gateway->live;
    if (live == NULL)
        return;
    gateway->live = NULL;
    live->closed = true;
    forget_tables(live);
    wh_district_free(live->district);
    uv_close((uv_handle_t *)&live->timer, on_closed);
}

void gateway_district_stale(struct gateway *gateway)
{
    if (gateway->live != NULL)
        ask(gateway->live);
}

const struct wh_district *gateway_district(const struct gateway *gateway)
{
    return gateway->live != NULL ? gateway->live->district : NULL;
}

const struct wh_zone *gateway_zone(const struct gateway *gateway)
{
    const struct wh_district *district = gateway_district(gateway);
    const struct wh_calendar *calendar = district != NULL ? wh_district_calendar(district) : NULL;
    return calendar != NULL ? &calendar->zone : NULL;
}

// ---- its tables --------------------------------------------------------------------------------

static json_t *units(const Whistle__V1__District *d)
{
    Whistle__V1__Units table = WHISTLE__V1__UNITS__INIT;
    table.version = d->version;
    table.units = d->units;
    table.n_units = d->n_units;
    return wh_json_from(&table.base, NULL);
}

static json_t *departments(const Whistle__V1__District *d)
{
    Whistle__V1__Departments table = WHISTLE__V1__DEPARTMENTS__INIT;
    table.version = d->version;
    table.departments = d->departments;
    table.n_departments = d->n_departments;
    return wh_json_from(&table.base, NULL);
}

static json_t *categories(const Whistle__V1__District *d)
{
    Whistle__V1__Categories table = WHISTLE__V1__CATEGORIES__INIT;
    table.version = d->version;
    table.categories = d->categories;
    table.n_categories = d->n_categories;
    return wh_json_from(&table.base, NULL);
}

static json_t *service_times(const Whistle__V1__District *d)
{
    Whistle__V1__ServiceTimesTable table = WHISTLE__V1__SERVICE_TIMES_TABLE__INIT;
    table.version = d->version;
    table.service_times = d->service_times;
    table.n_service_times = d->n_service_times;
    table.settings_by_unit = d->settings_by_unit;
    table.n_settings_by_unit = d->n_settings_by_unit;
    table.calendar = d->calendar;
    table.timezone = d->timezone;
    return wh_json_from(&table.base, NULL);
}

static json_t *routing(const Whistle__V1__District *d)
{
    Whistle__V1__Routing table = WHISTLE__V1__ROUTING__INIT;
    table.version = d->version;
    table.routes = d->routes;
    table.n_routes = d->n_routes;
    return wh_json_from(&table.base, NULL);
}

static const struct {
    enum route_id route;
    const char *name;
    json_t *(*make)(const Whistle__V1__District *district);
} tables[TABLES] = {
    {ROUTE_UNITS, "units", units},
    {ROUTE_DEPARTMENTS, "departments", departments},
    {ROUTE_CATEGORIES, "categories", categories},
    {ROUTE_SERVICE_TIMES, "service-times", service_times},
    {ROUTE_ROUTING, "routing", routing},
};

static struct http_buffer *table_of(struct live *live, size_t i)
{
    size_t n = 0;
    json_t *json =
        live->tables[i] == NULL ? tables[i].make(wh_district_data(live->district)) : NULL;
    char *text = json != NULL ? wh_json_dump(json, &n) : NULL;
    if (text != NULL)
        live->tables[i] = http_buffer_new(text, n);
    free(text);
    json_decref(json);
    return live->tables[i];
}

// A table is what its version is.
static void etag_of(const struct live *live, size_t i, char ret_etag[ETAG_MAX])
{
    (void)snprintf(ret_etag, ETAG_MAX, "\"%s.%d\"", tables[i].name,
                   wh_district_version(live->district));
}

void on_district_table(struct gateway_ask *ask_)
{
    struct live *live = ask_->gateway->live;
    char etag[ETAG_MAX];
    size_t i = 0;
    if (live == NULL || live->district == NULL) {
        reply_rule(ask_, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    while (i + 1 < TABLES && tables[i].route != ask_->found.id)
        i++;
    struct http_buffer *body = table_of(live, i);
    if (body == NULL) {
        reply_rule(ask_, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    etag_of(live, i, etag);
    reply_body(ask_, 200, body, etag);
}

// ---- commands that carry one -------------------------------------------------------------------

// Which version is replaced: the body says, or the ETag of the table that was edited does.
static enum wh_rule name_version(struct gateway_ask *ask_, json_t *command)
{
    const char *match = http_header_get(ask_->request, "If-Match");
    char etag[ETAG_MAX];
    if (json_object_get(command, "expect_version") != NULL)
        return WH_RULE_NONE;
    if (match == NULL)
        return WH_RULE_MATCH_NEEDED;
    etag_of(ask_->gateway->live, TABLES - 1, etag);
    if (!reply_etag_in(match, etag, false))
        return WH_RULE_MATCH_FAILED;
    json_object_set_new(command, "expect_version",
                        json_integer(wh_district_version(gateway_district(ask_->gateway))));
    return WH_RULE_NONE;
}

enum wh_rule district_complete(struct gateway_ask *ask_, json_t *command)
{
    const struct wh_district *district = gateway_district(ask_->gateway);
    json_t *routes = json_object_get(command, "routes");
    enum wh_rule rule = WH_RULE_NONE;
    if (district == NULL && (routes != NULL || ask_->route->match))
        return json_object_get(command, "district") != NULL && routes == NULL
                   ? WH_RULE_NONE // the first one
                   : WH_RULE_DISTRICT_MISSING;
    if (ask_->route->match)
        rule = name_version(ask_, command);
    if (rule != WH_RULE_NONE || routes == NULL)
        return rule;
    if (json_object_get(command, "district") != NULL)
        return WH_RULE_FIELD_COUNT;
    json_t *whole = wh_json_from(&wh_district_data(district)->base, NULL);
    json_object_set(whole, "routes", routes);
    json_object_del(command, "routes");
    json_object_set_new(command, "district", whole);
    return WH_RULE_NONE;
}
