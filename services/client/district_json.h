// SPDX-License-Identifier: Apache-2.0
// A district's data as people write it (deploy/demo/district.json) to the message that is adopted.
// Reads the shapes only: whether the data fit together says the district's own check, at adoption.
// Keys that belong to other rooms (forms, posts, samples …) are left alone.
#ifndef WH_CLIENT_DISTRICT_JSON_H
#define WH_CLIENT_DISTRICT_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "client/frame.h"
#include "whistle/v1/district.pb-c.h"

// The district in the arena, without ids and version. Each category gives its routing rows (lead
// and support; tag_adds), a top-level "routes" list adds rows for units and tags. The time zone's
// shifts come from the system's zone files. NULL with the fault told: rule and path, e.g.
// "categories[3].priority".
Whistle__V1__District *wh_district_from_json(const json_t *json, struct wh_arena *arena,
                                             struct wh_wire_fault *ret_fault);

// The same with every fault, the first `max` of *ret_n, and the district as far as it could be
// read: what could not stands empty. NULL where nothing could be read at all.
Whistle__V1__District *wh_district_read(const json_t *json, struct wh_arena *arena,
                                        struct wh_wire_fault *faults, size_t max, size_t *ret_n);

// Shifts of a named zone ("Asia/Shanghai") from 2020 to 2040, in the arena. The one in force at the
// start of 2020 stands first. 0; WH_E_NOTFOUND (no such zone here), WH_E_INVALID (name or file),
// WH_E_NOMEM.
int wh_zone_shifts(const char *name, struct wh_arena *arena, Whistle__V1__ZoneShift ***ret_shifts,
                   size_t *ret_n);

#endif
