// SPDX-License-Identifier: Apache-2.0
// Builds the index: a copy of the data, one array of units, one of parties, tables by code and by
// integer, routing rows grouped by category. Everything a lookup needs is computed here, once.
#include "district/district.h"

#include <stdlib.h>
#include <string.h>

#include "district/index.h"

static int copy_data(struct wh_district *d, const Whistle__V1__District *data)
{
    size_t n = whistle__v1__district__get_packed_size(data);
    uint8_t *bytes = malloc(n + 1);
    if (bytes == NULL)
        return WH_E_NOMEM;
    whistle__v1__district__pack(data, bytes);
    d->data = whistle__v1__district__unpack(NULL, n, bytes);
    free(bytes);
    return d->data != NULL ? 0 : WH_E_NOMEM;
}

static int allocate(struct wh_district *d)
{
    d->n_units = d->data->n_units;
    d->n_parties = d->n_units + d->data->n_departments;
    d->n_categories = d->data->n_categories;
    d->units = calloc(d->n_units + 1, sizeof(*d->units));
    d->parties = calloc(d->n_parties + 1, sizeof(*d->parties));
    d->categories = calloc(d->n_categories + 1, sizeof(*d->categories));
    d->routes = calloc(d->data->n_routes + 1, sizeof(Whistle__V1__RouteRule *));
    if (d->units == NULL || d->parties == NULL || d->categories == NULL || d->routes == NULL)
        return WH_E_NOMEM;
    if (wh_code_table_init(&d->party_codes, d->n_parties) != 0)
        return WH_E_NOMEM;
    return wh_code_table_init(&d->category_codes, d->n_categories);
}

static void fill_unit(struct wh_unit *unit, const Whistle__V1__Unit *row)
{
    unit->row = row;
    unit->id = row->id;
    unit->level = row->level;
    unit->has_place = row->lat_is_case == WHISTLE__V1__UNIT__LAT_IS_LAT &&
                      row->lon_is_case == WHISTLE__V1__UNIT__LON_IS_LON;
    unit->lat = unit->has_place ? row->lat : 0;
    unit->lon = unit->has_place ? row->lon : 0;
}

static void fill_parties(struct wh_district *d)
{
    for (size_t i = 0; i < d->n_units; i++) {
        const Whistle__V1__Unit *row = d->data->units[i];
        fill_unit(&d->units[i], row);
        d->parties[i] = (struct wh_party){.id = row->id,
                                          .code = row->code,
                                          .zh = row->zh,
                                          .en = row->en,
                                          .kind = "",
                                          .is_unit = true,
                                          .unit = &d->units[i]};
    }
    for (size_t i = 0; i < d->data->n_departments; i++) {
        const Whistle__V1__Body *row = d->data->departments[i];
        d->parties[d->n_units + i] = (struct wh_party){.id = row->id,
                                                       .code = row->code,
                                                       .zh = row->zh,
                                                       .en = row->en,
                                                       .kind = row->kind,
                                                       .round_the_clock = row->round_the_clock,
                                                       .row = row};
    }
}

static int index_parties(struct wh_district *d)
{
    for (size_t i = 0; i < d->n_parties; i++) {
        int32_t id = d->parties[i].id;
        if (id < WH_PARTY_FIRST || id > WH_MAX_PARTY_ID)
            return WH_E_INVALID;
        if (id > d->max_id)
            d->max_id = id;
        if (d->parties[i].code[0] == 0 ||
            !wh_code_table_add(&d->party_codes, d->parties[i].code, (uint32_t)i))
            return WH_E_INVALID;
    }
    d->by_id = calloc((size_t)d->max_id + 1, sizeof(*d->by_id));
    if (d->by_id == NULL)
        return WH_E_NOMEM;
    for (size_t i = 0; i < d->n_parties; i++) {
        uint32_t *slot = &d->by_id[d->parties[i].id];
        if (*slot != 0)
            return WH_E_INVALID;
        *slot = (uint32_t)i + 1;
    }
    return 0;
}

static struct wh_unit *unit_of(struct wh_district *d, const char *code)
{
    uint32_t at = 0;
    if (!wh_code_table_find(&d->party_codes, code, &at) || at >= d->n_units)
        return NULL;
    return &d->units[at];
}

// Parents, and the street above each; a chain longer than the levels is a ring.
static int link_units(struct wh_district *d)
{
    for (size_t i = 0; i < d->n_units; i++) {
        const struct wh_unit *parent = unit_of(d, d->units[i].row->parent);
        if (parent == NULL && d->units[i].level != WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_DISTRICT)
            return WH_E_INVALID;
        d->units[i].parent = parent != NULL ? parent->id : 0;
    }
    for (size_t i = 0; i < d->n_units; i++) {
        const struct wh_unit *up = &d->units[i];
        int steps = 0;
        for (; up != NULL && !wh_unit_is_street(up); steps++) {
            if (steps > 8)
                return WH_E_INVALID;
            up = wh_district_unit_by_id(d, up->parent);
        }
        d->units[i].street = up != NULL ? up->id : 0;
    }
    return 0;
}

static void attach_desks(struct wh_district *d)
{
    for (size_t i = 0; i < d->data->n_desks; i++) {
        uint32_t at = 0;
        if (wh_code_table_find(&d->party_codes, d->data->desks[i]->body, &at))
            d->parties[at].desk = d->data->desks[i];
    }
    for (size_t i = 0; i < d->data->n_settings_by_unit; i++) {
        const Whistle__V1__UnitSetting *setting = d->data->settings_by_unit[i];
        struct wh_unit *unit = unit_of(d, setting->unit);
        if (unit != NULL)
            unit->review_below_p1 = setting->review_below_p1;
    }
}

static int index_categories(struct wh_district *d)
{
    size_t used = 0;
    for (size_t i = 0; i < d->n_categories; i++) {
        struct wh_category *category = &d->categories[i];
        category->row = d->data->categories[i];
        category->index = (int32_t)i;
        if (category->row->code[0] == 0 ||
            !wh_code_table_add(&d->category_codes, category->row->code, (uint32_t)i))
            return WH_E_INVALID;
        size_t first = used;
        for (size_t j = 0; j < d->data->n_routes; j++)
            if (strcmp(d->data->routes[j]->category, category->row->code) == 0)
                d->routes[used++] = d->data->routes[j];
        category->routes = d->routes + first;
        category->n_routes = used - first;
    }
    return 0;
}

static int build(struct wh_district *d, const Whistle__V1__District *data)
{
    int rc = copy_data(d, data);
    if (rc != 0)
        return rc;
    rc = allocate(d);
    if (rc != 0)
        return rc;
    fill_parties(d);
    rc = index_parties(d);
    if (rc != 0)
        return rc;
    rc = link_units(d);
    if (rc != 0)
        return rc;
    attach_desks(d);
    rc = index_categories(d);
    return rc != 0 ? rc : wh_district_read_times(d);
}

int wh_district_new(const Whistle__V1__District *data, struct wh_district **ret_district)
{
    struct wh_district *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return WH_E_NOMEM;
    int rc = build(d, data);
    if (rc != 0) {
        wh_district_free(d);
        return rc;
    }
    *ret_district = d;
    return 0;
}

void wh_district_free(struct wh_district *district)
{
    if (district == NULL)
        return;
    wh_district_drop_times(district);
    wh_code_table_done(&district->party_codes);
    wh_code_table_done(&district->category_codes);
    free(district->by_id);
    free(district->units);
    free(district->parties);
    free(district->categories);
    free(district->routes);
    if (district->data != NULL)
        whistle__v1__district__free_unpacked(district->data, NULL);
    free(district);
}
