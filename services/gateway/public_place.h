// SPDX-License-Identifier: Apache-2.0
// Which community a resident means: by code, by the nearest community's centre, or by a name that
// stands in the address. A guess at most; the street looks at it.
#ifndef WH_GATEWAY_PUBLIC_PLACE_H
#define WH_GATEWAY_PUBLIC_PLACE_H

#include "base/error.h"
#include "district/district.h"

#define PUBLIC_NEAR_M 20000.0 // farther from every community is not in the district

// A community, village or grid. WH_RULE_NONE, or why not with the field in *ret_field (static):
// FIELD_MISSING and FIELD_UNKNOWN of "place.unit", PLACE_FAR of "place.lat", "place.address".
enum wh_rule public_place_find(const struct wh_district *district, const Whistle__V1__Place *place,
                               const struct wh_unit **ret_unit, const char **ret_field);

// The community of a unit: itself, or above a grid. NULL for streets and the district.
const struct wh_unit *public_community(const struct wh_district *district,
                                       const struct wh_unit *unit);

#endif
