// SPDX-License-Identifier: Apache-2.0
// What of a category residents may see: whether it is theirs at all, its name and answer for them.
#ifndef WH_GATEWAY_PUBLIC_CATEGORY_H
#define WH_GATEWAY_PUBLIC_CATEGORY_H

#include <stdbool.h>

#include "district/district.h"

// May residents report it (then they also see it)? Never a sensitive one. NULL: no.
bool category_is_public(const struct wh_category *category);
// By code, only where it is public; else NULL.
const struct wh_category *category_public(const struct wh_district *district, const char *code);
// May whistles of it be shown to the public at all (also where only streets raise it)?
bool category_is_shown(const struct wh_category *category);
// Its name for residents, in English where there is one. Never NULL or empty.
const char *category_public_name(const struct wh_category *category, bool english);
// What a resident is told at receipt; "" where the district says nothing.
const char *category_response(const struct wh_category *category, bool english);
// What to do until help comes; "" none.
const char *category_advice(const struct wh_category *category, bool english);
// A unit's or body's name.
const char *party_name(const struct wh_party *party, bool english);

#endif
