// SPDX-License-Identifier: Apache-2.0
// The demo district, read, checked, numbered and indexed, for unit tests. Fails the test's process
// with a line where that does not work.
#ifndef WH_TESTS_SUPPORT_DEMO_DISTRICT_H
#define WH_TESTS_SUPPORT_DEMO_DISTRICT_H

#include "base/arena.h"
#include "district/district.h"

// From deploy/demo/district.json; root: the source folder (WH_SOURCE_DIR). version 1, ids from 16.
Whistle__V1__District *demo_district_data(const char *root, struct wh_arena *arena);
// The same, indexed; wh_district_free.
struct wh_district *demo_district(const char *root);

#endif
