// SPDX-License-Identifier: Apache-2.0
// The reader of a district's JSON: top-level tables in order, one function a table; district_rows.c
// holds the rows' small parts (categories, calendar). A fault ends the reading with its path.
#include "client/district_json.h"

#include <string.h>

#include "client/district_rows.h"

static void read_unit(struct reader *r, const json_t *json, Whistle__V1__Unit *u)
{
    static const struct word levels[] = {
        {"district", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_DISTRICT},
        {"subdistrict", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT},
        {"town", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWN},
        {"township", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP},
        {"community", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_COMMUNITY},
        {"village", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_VILLAGE},
        {"grid", WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_GRID},
        {NULL, 0}};
    whistle__v1__unit__init(u);
    u->code = read_text(r, json, "code", true);
    u->zh = read_text(r, json, "zh", true);
    u->en = read_text(r, json, "en", false);
    u->level = (Whistle__V1__UnitLevel)read_word(r, json, "level", levels, true);
    u->parent = read_text(r, json, "parent", false);
    u->households = (int32_t)read_int(r, json, "households", 0, 100000000);
    u->residents = (int32_t)read_int(r, json, "residents", 0, 100000000);
    if (read_number(r, json, "lat", -90, 90, &u->lat))
        u->lat_is_case = WHISTLE__V1__UNIT__LAT_IS_LAT;
    if (read_number(r, json, "lon", -180, 180, &u->lon))
        u->lon_is_case = WHISTLE__V1__UNIT__LON_IS_LON;
}

static void read_body(struct reader *r, const json_t *json, Whistle__V1__Body *b)
{
    static const struct word duties[] = {{"7x24", 1}, {"workday", 0}, {"work", 0}, {NULL, 0}};
    whistle__v1__body__init(b);
    b->code = read_text(r, json, "code", true);
    b->zh = read_text(r, json, "zh", true);
    b->en = read_text(r, json, "en", false);
    b->kind = read_text(r, json, "kind", false);
    b->round_the_clock = read_word(r, json, "duty", duties, false) == 1;
}

static void read_contact(struct reader *r, const json_t *json, Whistle__V1__Contact *c)
{
    static const struct word hours[] = {{"7x24", 1}, {"work", 0}, {"workday", 0}, {NULL, 0}};
    whistle__v1__contact__init(c);
    c->level = (int32_t)read_int(r, json, "level", 0, 2);
    c->zh = read_text(r, json, "zh", false);
    c->en = read_text(r, json, "en", false);
    c->code = read_text(r, json, "code", false);
    c->round_the_clock = read_word(r, json, "hours", hours, false) == 1;
    c->channels = read_texts(r, json, "channels", &c->n_channels);
    read_priorities(r, json, "priorities", &c->priorities, &c->n_priorities);
}

static void read_desk(struct reader *r, const json_t *json, Whistle__V1__Desk *d)
{
    whistle__v1__desk__init(d);
    d->body = read_text(r, json, "body", true);
    READ_TABLE(r, json, "contacts", d->contacts, d->n_contacts, read_contact);
}

static void read_route(struct reader *r, const json_t *json, Whistle__V1__RouteRule *rule)
{
    whistle__v1__route_rule__init(rule);
    rule->category = read_text(r, json, "category", true);
    rule->unit = read_text(r, json, "unit", false);
    rule->tag = read_text(r, json, "tag", false);
    rule->lead = read_text(r, json, "lead", false);
    rule->supports = read_texts(r, json, "supports", &rule->n_supports);
}

static void read_times(struct reader *r, const json_t *json, Whistle__V1__ServiceTimes *t)
{
    whistle__v1__service_times__init(t);
    t->set = read_text(r, json, "set", true);
    t->priority = read_priority(r, json, "priority", true);
    t->sign = read_text(r, json, "sign", true);
    t->checkin = read_text(r, json, "checkin", true);
    t->report = read_text(r, json, "report", true);
    t->report_every = read_text(r, json, "report_every", false);
    t->resolve = read_text(r, json, "resolve", true);
    t->ruling = read_text(r, json, "ruling", false);
    t->review = read_text(r, json, "review", false);
    t->review_resident = read_text(r, json, "review_resident", false);
    t->escalate_unsigned = read_texts(r, json, "escalate_unsigned", &t->n_escalate_unsigned);
    t->ledger_max = read_text(r, json, "ledger_max", false);
    t->ledger_review = read_text(r, json, "ledger_review", false);
    t->confirm = read_text(r, json, "confirm", false);
    read_ints(r, json, "remind", &t->remind, &t->n_remind);
}

static void read_setting(struct reader *r, const json_t *json, Whistle__V1__UnitSetting *s)
{
    whistle__v1__unit_setting__init(s);
    s->unit = read_text(r, json, "unit", true);
    s->review_below_p1 = read_bool(r, json, "review_below_p1");
}

static void read_head(struct reader *r, const json_t *json, Whistle__V1__District *d)
{
    const json_t *head = json_object_get(json, "district");
    reader_enter(r, "district");
    if (!json_is_object(head)) {
        reader_fail(r, "", WH_RULE_FIELD_MISSING);
        reader_leave(r);
        return;
    }
    d->number_prefix = read_text(r, head, "number_prefix", true);
    d->timezone = read_text(r, head, "timezone", true);
    int error =
        d->timezone[0] == '\0' ? 0 : wh_zone_shifts(d->timezone, r->arena, &d->zone, &d->n_zone);
    if (error < 0)
        reader_fail(r, "timezone",
                    error == WH_E_NOTFOUND ? WH_RULE_FIELD_UNKNOWN : WH_RULE_FIELD_FORMAT);
    reader_leave(r);
}

// Rows of the categories first, then those of "routes".
static void read_routes(struct reader *r, const json_t *json, Whistle__V1__District *d)
{
    Whistle__V1__RouteRule **own = NULL, **more = NULL;
    size_t n_own = 0, n_more = 0;
    category_routes(r, json_object_get(json, "categories"), &own, &n_own);
    READ_TABLE(r, json, "routes", more, n_more, read_route);
    d->routes = wh_arena_calloc(r->arena, n_own + n_more, sizeof *d->routes);
    if (d->routes == NULL) {
        reader_fail(r, "", WH_RULE_TOO_LARGE);
        return;
    }
    if (n_own > 0)
        memcpy(d->routes, own, n_own * sizeof *own);
    if (n_more > 0)
        memcpy(d->routes + n_own, more, n_more * sizeof *more);
    d->n_routes = n_own + n_more;
}

static void district_code(struct reader *r, Whistle__V1__District *d)
{
    for (size_t i = 0; i < d->n_units; i++)
        if (d->units[i]->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_DISTRICT)
            d->code = d->units[i]->code;
    if (d->code[0] == '\0')
        reader_fail(r, "units", WH_RULE_FIELD_MISSING);
}

Whistle__V1__District *wh_district_read(const json_t *json, struct wh_arena *arena,
                                        struct wh_wire_fault *faults, size_t max, size_t *ret_n)
{
    struct reader r = {.arena = arena, .faults = faults, .max = max};
    Whistle__V1__District *d = wh_arena_calloc(arena, 1, sizeof *d);
    if (d == NULL || !json_is_object(json)) {
        reader_fail(&r, "", WH_RULE_FIELD_FORMAT);
        *ret_n = r.n;
        return NULL;
    }
    whistle__v1__district__init(d);
    read_head(&r, json, d);
    d->note = read_text(&r, json, "note", false);
    d->calendar = read_calendar(&r, json_object_get(json, "calendar"));
    READ_TABLE(&r, json, "units", d->units, d->n_units, read_unit);
    READ_TABLE(&r, json, "departments", d->departments, d->n_departments, read_body);
    READ_TABLE(&r, json, "desks", d->desks, d->n_desks, read_desk);
    READ_TABLE(&r, json, "categories", d->categories, d->n_categories, read_category);
    read_routes(&r, json, d);
    READ_TABLE(&r, json, "service_times", d->service_times, d->n_service_times, read_times);
    READ_TABLE(&r, json, "settings_by_unit", d->settings_by_unit, d->n_settings_by_unit,
               read_setting);
    d->danger_words = read_texts(&r, json, "danger_words", &d->n_danger_words);
    district_code(&r, d);
    *ret_n = r.n;
    return d;
}

Whistle__V1__District *wh_district_from_json(const json_t *json, struct wh_arena *arena,
                                             struct wh_wire_fault *ret_fault)
{
    size_t n = 0;
    Whistle__V1__District *d = wh_district_read(json, arena, ret_fault, 1, &n);
    return n == 0 ? d : NULL;
}
