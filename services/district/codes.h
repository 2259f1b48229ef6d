// SPDX-License-Identifier: Apache-2.0
// The one row of small integers: every code that was ever adopted keeps its integer for ever, also
// while no version names it. Fold of all DistrictAdopted events.
#ifndef WH_DISTRICT_CODES_H
#define WH_DISTRICT_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "whistle/v1/district.pb-c.h"

struct wh_codes;

int wh_codes_new(struct wh_codes **ret_codes);
void wh_codes_free(struct wh_codes *codes);
// Notes that `code` has `id`. 0, WH_E_NOMEM, WH_E_INVALID (another id, or the id is another
// code's).
int wh_codes_learn(struct wh_codes *codes, const char *code, int32_t id);
int32_t wh_codes_id(const struct wh_codes *codes, const char *code); // 0 unknown
// Sets every unit's and body's id in `data`: the known one, else the next free from 16 up. Does not
// learn them (the event that tells them is what is learnt).
void wh_codes_number(const struct wh_codes *codes, Whistle__V1__District *data);
// Learns all ids of an adopted district.
int wh_codes_learn_all(struct wh_codes *codes, const Whistle__V1__District *data);

#endif
