// SPDX-License-Identifier: Apache-2.0
// A row of a binary result, as services see it.
#ifndef WH_RUNTIME_ROW_H
#define WH_RUNTIME_ROW_H

#include "runtime/db.h"
#include "runtime/service.h"

struct wh_row {
    const PGresult *result;
    int row;
};

// How many rows a result of a connection of one's own (runtime/db.h) has.
size_t wh_row_count(const PGresult *result);

#endif
