// SPDX-License-Identifier: Apache-2.0
// Reading the index: every function here is a lookup without memory of its own.
#include <string.h>

#include "district/index.h"

const Whistle__V1__District *wh_district_data(const struct wh_district *district)
{
    return district->data;
}

int32_t wh_district_version(const struct wh_district *district)
{
    return district->data->version;
}

const char *wh_district_prefix(const struct wh_district *district)
{
    return district->data->number_prefix;
}

const struct wh_party *wh_district_party(const struct wh_district *district, const char *code)
{
    uint32_t at = 0;
    return wh_code_table_find(&district->party_codes, code, &at) ? &district->parties[at] : NULL;
}

const struct wh_party *wh_district_party_by_id(const struct wh_district *district, int32_t id)
{
    if (id < WH_PARTY_FIRST || id > district->max_id || district->by_id[id] == 0)
        return NULL;
    return &district->parties[district->by_id[id] - 1];
}

int32_t wh_district_id(const struct wh_district *district, const char *code)
{
    const struct wh_party *party = wh_district_party(district, code);
    return party != NULL ? party->id : 0;
}

const char *wh_district_code(const struct wh_district *district, int32_t id)
{
    const struct wh_party *party = wh_district_party_by_id(district, id);
    return party != NULL ? party->code : NULL;
}

const struct wh_unit *wh_district_unit(const struct wh_district *district, const char *code)
{
    const struct wh_party *party = wh_district_party(district, code);
    return party != NULL ? party->unit : NULL;
}

const struct wh_unit *wh_district_unit_by_id(const struct wh_district *district, int32_t id)
{
    const struct wh_party *party = wh_district_party_by_id(district, id);
    return party != NULL ? party->unit : NULL;
}

const struct wh_party *wh_district_parties(const struct wh_district *district, size_t *ret_n)
{
    *ret_n = district->n_parties;
    return district->parties;
}

bool wh_unit_is_street(const struct wh_unit *unit)
{
    return unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT ||
           unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWN ||
           unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP;
}

bool wh_unit_is_community(const struct wh_unit *unit)
{
    return unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_COMMUNITY ||
           unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_VILLAGE;
}

bool wh_district_is_within(const struct wh_district *district, const struct wh_unit *unit,
                           const struct wh_unit *above)
{
    for (int steps = 0; unit != NULL && steps < 16; steps++) {
        if (unit == above)
            return true;
        unit = wh_district_unit_by_id(district, unit->parent);
    }
    return false;
}

const struct wh_unit *wh_district_street_of(const struct wh_district *district,
                                            const struct wh_unit *unit)
{
    return unit != NULL ? wh_district_unit_by_id(district, unit->street) : NULL;
}

const struct wh_unit *wh_district_root(const struct wh_district *district)
{
    for (size_t i = 0; i < district->n_units; i++)
        if (district->units[i].parent == 0)
            return &district->units[i];
    return NULL;
}

const struct wh_category *wh_district_category(const struct wh_district *district, const char *code)
{
    uint32_t at = 0;
    if (!wh_code_table_find(&district->category_codes, code, &at))
        return NULL;
    return &district->categories[at];
}

const struct wh_category *wh_district_categories(const struct wh_district *district, size_t *ret_n)
{
    *ret_n = district->n_categories;
    return district->categories;
}

const Whistle__V1__Desk *wh_district_desk(const struct wh_district *district, const char *code)
{
    const struct wh_party *party = wh_district_party(district, code);
    return party != NULL ? party->desk : NULL;
}

bool wh_category_full_address(const struct wh_category *category, const char *body)
{
    for (size_t i = 0; i < category->row->n_full_address; i++)
        if (strcmp(category->row->full_address[i], body) == 0)
            return true;
    return false;
}

const struct wh_times *wh_district_times(const struct wh_district *district, const char *set,
                                         Whistle__V1__Priority priority)
{
    const char *wanted = set == NULL || set[0] == 0 ? "normal" : set;
    const struct wh_times *normal = NULL;
    for (size_t i = 0; i < district->n_times; i++) {
        const struct wh_times *times = &district->times[i];
        if (times->priority != priority)
            continue;
        if (strcmp(times->row->set, wanted) == 0)
            return times;
        if (strcmp(times->row->set, "normal") == 0)
            normal = times;
    }
    return normal;
}

int32_t wh_district_day(const struct wh_district *district, int64_t at)
{
    return wh_local_date(&district->calendar.zone, at);
}

const struct wh_calendar *wh_district_calendar(const struct wh_district *district)
{
    return &district->calendar;
}

const char *wh_district_danger_word(const struct wh_district *district, const char *text)
{
    for (size_t i = 0; i < district->data->n_danger_words; i++)
        if (strstr(text, district->data->danger_words[i]) != NULL)
            return district->data->danger_words[i];
    return NULL;
}
