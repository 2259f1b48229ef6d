// SPDX-License-Identifier: Apache-2.0
// Where it is: a community or grid of the raiser's street (a department: of the district), a grid
// that lies in it, a point that is not on another continent.
#ifndef WH_INTAKE_PLACE_H
#define WH_INTAKE_PLACE_H

#include "district/district.h"
#include "intake/fault.h"
#include "intake/raise.h"

// ret_place: the unit the whistle stands in, never NULL on success. Without place.unit: the grid's
// community, else the raiser, for a department the first street it calls. 0, WH_E_INVALID.
int place_check(const struct wh_district *district, const struct wh_party *raiser,
                const struct raise *ask, const struct wh_unit **ret_place, struct fault *fault);

#endif
