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
// count. before: NULL: everything is new. New reference.
json_t *district_diff(const Whistle__V1__District *before, const Whistle__V1__District *after);

// Reads a file. NULL with the fault (usage where it is no JSON, 400 with the path in the data).
json_t *district_load(const char *path, struct fault *ret_fault);
const Whistle__V1__District *district_read(const char *path, struct wh_arena *arena,
                                           struct fault *ret_fault);

#endif
