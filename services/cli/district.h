// SPDX-License-Identifier: Apache-2.0
// A district's data between its two forms: the file that people edit and the message that is
// adopted; and what differs between two of them.
#ifndef CLI_DISTRICT_H
#define CLI_DISTRICT_H

#include <jansson.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/fault.h"
#include "whistle/v1/district.pb-c.h"

// The file's shape (deploy/demo/district.json), so that reading it again gives the same district.
// Order of routing rows is kept per category. New reference.
json_t *district_to_file(const Whistle__V1__District *district);

// [{table, key, change ADDED|REMOVED|CHANGED, fields[{field, from, to}]}]; version and ids do not
// count. before: NULL: everything is new. channels: those of after's desks in order as they would
// stand when adopted (intake's PreviewDistrict; "": new), n of them; NULL: as they are. New
// reference.
json_t *district_diff(const Whistle__V1__District *before, const Whistle__V1__District *after,
                      char *const *channels, size_t n);
// For people: the counts by table, then what changed, at most so many rows. live: the version it
// differs from, 0 none.
void district_diff_print(const json_t *changes, int32_t live);

// A file or a folder as JSON (document.h); the first thing wrong with it is the fault. New
// reference, NULL with the fault.
json_t *district_load(const char *path, struct fault *ret_fault);
const Whistle__V1__District *district_read(const char *path, struct wh_arena *arena,
                                           struct fault *ret_fault);

#endif
