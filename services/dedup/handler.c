// SPDX-License-Identifier: Apache-2.0
// What dedup's handlers share.
#include "dedup/handler.h"

const struct wh_district *dedup_district(const struct dedup *state)
{
    return state->pending != NULL ? state->pending : state->district;
}
