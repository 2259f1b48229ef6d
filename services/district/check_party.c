// SPDX-License-Identifier: Apache-2.0
// Units, departments and their desks: codes once, parents of the right level, places whole,
// contacts that can be tried.
#include <string.h>

#include "base/geo.h"
#include "base/text.h"
#include "district/check.h"

#define CONTACT_LEVEL_MAX 2
#define CHANNEL_MAX 200

const Whistle__V1__Unit *check_unit(const struct check *check, const char *code)
{
    uint32_t at = 0;
    if (!wh_code_table_find(&check->parties, code, &at) || at >= check->data->n_units)
        return NULL;
    return check->data->units[at];
}

bool check_is_department(const struct check *check, const char *code)
{
    uint32_t at = 0;
    return wh_code_table_find(&check->parties, code, &at) && at >= check->data->n_units;
}

bool check_is_street(const Whistle__V1__Unit *unit)
{
    return unit->level >= WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT &&
           unit->level <= WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP;
}

// 0 district, 1 street, 2 community, 3 grid; -1 none.
static int rank(Whistle__V1__UnitLevel level)
{
    switch (level) {
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_DISTRICT:
        return 0;
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_SUBDISTRICT:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWN:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_TOWNSHIP:
        return 1;
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_COMMUNITY:
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_VILLAGE:
        return 2;
    case WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_GRID:
        return 3;
    default:
        return -1;
    }
}

static void check_parent(struct check *check, size_t i)
{
    const Whistle__V1__Unit *unit = check->data->units[i];
    int level = rank(unit->level);
    if (level < 0) {
        check_fault(check, WH_RULE_FIELD_ENUM, "", "units[%zu].level", i);
        return;
    }
    if (level == 0) {
        if (unit->parent[0] != 0 || strcmp(unit->code, check->data->code) != 0)
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "one unit is the district, without a parent",
                        "units[%zu].parent", i);
        return;
    }
    const Whistle__V1__Unit *parent = check_unit(check, unit->parent);
    if (parent == NULL)
        check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "units[%zu].parent", i);
    else if (rank(parent->level) != level - 1)
        check_fault(check, WH_RULE_DISTRICT_LEVEL, "district, street, community, grid",
                    "units[%zu].parent", i);
}

static void check_point(struct check *check, size_t i)
{
    const Whistle__V1__Unit *unit = check->data->units[i];
    bool lat = unit->lat_is_case == WHISTLE__V1__UNIT__LAT_IS_LAT;
    bool lon = unit->lon_is_case == WHISTLE__V1__UNIT__LON_IS_LON;
    if (lat != lon)
        check_fault(check, WH_RULE_FIELD_MISSING, "both or neither", "units[%zu].%s", i,
                    lat ? "lon" : "lat");
    else if (lat && !wh_geo_valid(unit->lat, unit->lon))
        check_fault(check, WH_RULE_FIELD_RANGE, "", "units[%zu].lat", i);
}

void check_units(struct check *check)
{
    for (size_t i = 0; i < check->data->n_units; i++) {
        const Whistle__V1__Unit *unit = check->data->units[i];
        check_name(check, unit->zh, 64, "units", i, "zh");
        if (check_code(check, unit->code, "units", i) &&
            !wh_code_table_add(&check->parties, unit->code, (uint32_t)i))
            check_fault(check, WH_RULE_FIELD_TWICE, "", "units[%zu].code", i);
        if (unit->households < 0 || unit->residents < 0)
            check_fault(check, WH_RULE_FIELD_RANGE, "", "units[%zu].%s", i,
                        unit->households < 0 ? "households" : "residents");
    }
    for (size_t i = 0; i < check->data->n_units; i++) {
        check_parent(check, i);
        check_point(check, i);
    }
    if (check->data->n_units == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "", "units");
}

void check_departments(struct check *check)
{
    size_t first = check->data->n_units;
    for (size_t i = 0; i < check->data->n_departments; i++) {
        const Whistle__V1__Body *body = check->data->departments[i];
        check_name(check, body->zh, 64, "departments", i, "zh");
        if (check_code(check, body->code, "departments", i) &&
            !wh_code_table_add(&check->parties, body->code, (uint32_t)(first + i)))
            check_fault(check, WH_RULE_FIELD_TWICE, "", "departments[%zu].code", i);
    }
    if (check->data->n_departments == 0)
        check_fault(check, WH_RULE_FIELD_MISSING, "", "departments");
}

// "kind:address"
static bool channel_ok(const char *channel)
{
    const char *colon = strchr(channel, ':');
    return colon != NULL && colon[1] != 0 && strlen(channel) <= CHANNEL_MAX &&
           wh_ident_check(channel, (size_t)(colon - channel), 16, NULL) == 0;
}

static void check_contacts(struct check *check, size_t i)
{
    const Whistle__V1__Desk *desk = check->data->desks[i];
    int32_t before = 0;
    for (size_t j = 0; j < desk->n_contacts; j++) {
        const Whistle__V1__Contact *contact = desk->contacts[j];
        if (contact->level < before || contact->level > CONTACT_LEVEL_MAX)
            check_fault(check, WH_RULE_FIELD_RANGE, "0 to 2, rising",
                        "desks[%zu].contacts[%zu].level", i, j);
        before = contact->level;
        for (size_t k = 0; k < contact->n_channels; k++)
            if (!channel_ok(contact->channels[k]))
                check_fault(check, WH_RULE_FIELD_FORMAT, "kind:address",
                            "desks[%zu].contacts[%zu].channels[%zu]", i, j, k);
    }
}

void check_desks(struct check *check)
{
    struct wh_code_table bodies = {0};
    bool room = wh_code_table_init(&bodies, check->data->n_desks) == 0;
    for (size_t i = 0; i < check->data->n_desks; i++) {
        const char *body = check->data->desks[i]->body;
        uint32_t at = 0;
        if (!wh_code_table_find(&check->parties, body, &at))
            check_fault(check, WH_RULE_FIELD_UNKNOWN, "", "desks[%zu].body", i);
        if (room && !wh_code_table_add(&bodies, body, (uint32_t)i))
            check_fault(check, WH_RULE_FIELD_TWICE, "", "desks[%zu].body", i);
        check_contacts(check, i);
    }
    if (!room)
        check_fault(check, WH_RULE_INTERNAL, "no memory", "desks");
    wh_code_table_done(&bodies);
}

// ---- sealed addresses ---------------------------------------------------------------------------

static bool is_sealed(const char *channel)
{
    const char *colon = strchr(channel, ':');
    return colon != NULL && strncmp(colon, ":sealed.", 8) == 0;
}

static size_t count_channels(const Whistle__V1__District *data)
{
    size_t n = 0;
    for (size_t i = 0; data != NULL && i < data->n_desks; i++)
        for (size_t j = 0; j < data->desks[i]->n_contacts; j++)
            n += data->desks[i]->contacts[j]->n_channels;
    return n;
}

static void note_sealed(struct wh_code_table *known, const Whistle__V1__District *previous)
{
    for (size_t i = 0; previous != NULL && i < previous->n_desks; i++)
        for (size_t j = 0; j < previous->desks[i]->n_contacts; j++) {
            const Whistle__V1__Contact *contact = previous->desks[i]->contacts[j];
            for (size_t k = 0; k < contact->n_channels; k++)
                if (is_sealed(contact->channels[k]))
                    wh_code_table_add(known, contact->channels[k], 0);
        }
}

void check_sealed(struct check *check, const Whistle__V1__District *previous)
{
    struct wh_code_table known = {0};
    uint32_t at = 0;
    if (wh_code_table_init(&known, count_channels(previous)) != 0) {
        check_fault(check, WH_RULE_INTERNAL, "no memory", "desks");
        return;
    }
    note_sealed(&known, previous);
    for (size_t i = 0; i < check->data->n_desks; i++)
        for (size_t j = 0; j < check->data->desks[i]->n_contacts; j++) {
            const Whistle__V1__Contact *contact = check->data->desks[i]->contacts[j];
            for (size_t k = 0; k < contact->n_channels; k++)
                if (is_sealed(contact->channels[k]) &&
                    !wh_code_table_find(&known, contact->channels[k], &at))
                    check_fault(check, WH_RULE_DISTRICT_SEALED, "",
                                "desks[%zu].contacts[%zu].channels[%zu]", i, j, k);
        }
    wh_code_table_done(&known);
}
