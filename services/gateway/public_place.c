// SPDX-License-Identifier: Apache-2.0
// Code before point before address.
#include "gateway/public_place.h"

#include <math.h>
#include <string.h>

#include "base/geo.h"
#include "base/text.h"

const struct wh_unit *public_community(const struct wh_district *district,
                                       const struct wh_unit *unit)
{
    while (unit != NULL && !wh_unit_is_community(unit))
        unit = unit->level == WHISTLE__V1__UNIT_LEVEL__UNIT_LEVEL_GRID
                   ? wh_district_unit_by_id(district, unit->parent)
                   : NULL;
    return unit;
}

static const struct wh_unit *nearest(const struct wh_district *district, double lat, double lon)
{
    size_t n = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    const struct wh_unit *best = NULL;
    double least = PUBLIC_NEAR_M;
    for (size_t i = 0; i < n; i++) {
        const struct wh_unit *unit = parties[i].unit;
        if (unit == NULL || !wh_unit_is_community(unit) || !unit->has_place)
            continue;
        double distance = wh_geo_distance_m(lat, lon, unit->lat, unit->lon);
        if (distance <= least) {
            least = distance;
            best = unit;
        }
    }
    return best;
}

// A name without what says only its kind: "东堤社区" is also meant by "东堤".
static struct wh_str bare_name(const char *zh)
{
    static const char *const kinds[] = {"社区", "居委会", "村"};
    struct wh_str name = wh_str(zh);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (wh_str_ends(name, wh_str(kinds[i])) && wh_utf8_chars(name.p, name.n) >= 4)
            return wh_str_n(name.p, name.n - strlen(kinds[i]));
    return name;
}

static bool stands_in(const char *name, const char *address)
{
    return name[0] != 0 && wh_str_find(wh_str(address), wh_str(name)) != SIZE_MAX;
}

// The longest name that stands in it; NULL where there is none, or two communities share it.
static const struct wh_unit *named(const struct wh_district *district, const char *address)
{
    size_t n = 0, longest = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    const struct wh_unit *best = NULL;
    bool twice = false;
    for (size_t i = 0; i < n; i++) {
        const struct wh_unit *unit = parties[i].unit;
        if (unit == NULL || !wh_unit_is_community(unit))
            continue;
        struct wh_str name = bare_name(unit->row->zh);
        bool here = wh_str_find(wh_str(address), name) != SIZE_MAX;
        if (!here && stands_in(unit->row->en, address)) {
            name = wh_str(unit->row->en);
            here = true;
        }
        if (!here || name.n < longest)
            continue;
        twice = name.n == longest;
        longest = name.n;
        best = unit;
    }
    return twice ? NULL : best;
}

static enum wh_rule by_code(const struct wh_district *district, const char *code,
                            const struct wh_unit **ret_unit, const char **ret_field)
{
    const struct wh_unit *unit = wh_district_unit(district, code);
    *ret_field = "place.unit";
    if (public_community(district, unit) == NULL)
        return WH_RULE_FIELD_UNKNOWN;
    *ret_unit = unit;
    return WH_RULE_NONE;
}

static enum wh_rule by_point(const struct wh_district *district, const Whistle__V1__Place *place,
                             const struct wh_unit **ret_unit, const char **ret_field)
{
    *ret_field = "place.lat";
    if (!wh_geo_valid(place->lat, place->lon))
        return WH_RULE_FIELD_RANGE;
    const struct wh_unit *unit = nearest(district, place->lat, place->lon);
    if (unit == NULL)
        return WH_RULE_PLACE_FAR;
    *ret_unit = unit;
    return WH_RULE_NONE;
}

enum wh_rule public_place_find(const struct wh_district *district, const Whistle__V1__Place *place,
                               const struct wh_unit **ret_unit, const char **ret_field)
{
    *ret_field = "place.unit";
    if (place == NULL)
        return WH_RULE_FIELD_MISSING;
    if (place->grid[0] != 0)
        return by_code(district, place->grid, ret_unit, ret_field);
    if (place->unit[0] != 0)
        return by_code(district, place->unit, ret_unit, ret_field);
    if (place->lat_is_case != 0 && place->lon_is_case != 0)
        return by_point(district, place, ret_unit, ret_field);
    if (place->address[0] == 0)
        return WH_RULE_FIELD_MISSING;
    *ret_unit = named(district, place->address);
    *ret_field = "place.address";
    return *ret_unit != NULL ? WH_RULE_NONE : WH_RULE_FIELD_UNKNOWN;
}
