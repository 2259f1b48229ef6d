// SPDX-License-Identifier: Apache-2.0
// Checks a place against the tree of units and the district's centre.
#include "intake/place.h"

#include <string.h>

#include "base/geo.h"

static bool is_grid(const struct wh_unit *unit)
{
    return unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_GRID;
}

static const struct wh_unit *default_place(const struct wh_district *district,
                                           const struct wh_party *raiser, const struct raise *ask,
                                           const struct wh_unit *grid)
{
    if (grid != NULL)
        return wh_district_unit_by_id(district, grid->parent);
    if (raiser->is_unit)
        return raiser->unit;
    return ask->n_to > 0 ? wh_district_unit(district, ask->to[0]) : NULL;
}

// A street stands for itself only where it raises, or is called by the department that raises.
static bool may_stand_in(const struct wh_party *raiser, const struct raise *ask,
                         const struct wh_unit *place)
{
    if (wh_unit_is_community(place) || is_grid(place))
        return true;
    if (raiser->is_unit)
        return place == raiser->unit;
    for (size_t i = 0; i < ask->n_to; i++)
        if (strcmp(ask->to[i], place->row->code) == 0)
            return true;
    return false;
}

static int check_point(const struct wh_district *district, const struct wh_unit *place,
                       const struct raise_place *asked, struct fault *fault)
{
    if (!asked->has_point)
        return 0;
    const struct wh_unit *centre = wh_district_root(district);
    if (centre == NULL || !centre->has_place)
        centre = place;
    while (centre != NULL && !centre->has_place)
        centre = wh_district_unit_by_id(district, centre->parent);
    if (centre != NULL && wh_geo_distance_m(asked->lat, asked->lon, centre->lat, centre->lon) >
                              RAISE_PLACE_KM * 1000.0)
        return fault_set(fault, WH_RULE_PLACE_FAR, "place.lat");
    return 0;
}

int place_check(const struct wh_district *district, const struct wh_party *raiser,
                const struct raise *ask, const struct wh_unit **ret_place, struct fault *fault)
{
    const struct wh_unit *grid = NULL, *place = NULL;
    if (ask->place.grid[0] != 0) {
        grid = wh_district_unit(district, ask->place.grid);
        if (grid == NULL || !is_grid(grid))
            return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "place.grid");
    }
    if (ask->place.unit[0] != 0) {
        place = wh_district_unit(district, ask->place.unit);
        if (place == NULL)
            return fault_set(fault, WH_RULE_FIELD_UNKNOWN, "place.unit");
    } else {
        place = default_place(district, raiser, ask, grid);
        if (place == NULL)
            return fault_set(fault, WH_RULE_FIELD_MISSING, "place.unit");
    }
    if (!may_stand_in(raiser, ask, place) ||
        (raiser->is_unit && place->street != raiser->unit->street))
        return fault_set(fault, WH_RULE_PLACE_UNIT, "%s",
                         ask->place.unit[0] == 0 && grid != NULL ? "place.grid" : "place.unit");
    if (grid != NULL && !wh_district_is_within(district, grid, place))
        return fault_set(fault, WH_RULE_PLACE_GRID, "place.grid");
    *ret_place = place;
    return check_point(district, place, &ask->place, fault);
}
