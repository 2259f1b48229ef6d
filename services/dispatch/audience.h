// SPDX-License-Identifier: Apache-2.0
// Who stands behind a matter besides its own whistle: the raising units of everything that is
// joined to it, and the departments whose tasks go on there. Read from the tables for the turn that
// asks; a flat blob. Beside it: withdrawals that came before their whistle.
#ifndef WH_DISPATCH_AUDIENCE_H
#define WH_DISPATCH_AUDIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define AUDIENCE_MAX 512

struct audience {
    uint32_t supporters; // whistles joined to it, directly or not
    uint32_t n_units, n_departments;
    int32_t units[AUDIENCE_MAX]; // raised or asked for them, each once
    int32_t departments[AUDIENCE_MAX];
};

// Each once; what has no room is left out.
void audience_add_unit(struct audience *a, int32_t party);
void audience_add_department(struct audience *a, int32_t party);

// What sides have said of a whistle that is not here yet.
#define NOTED_MAX 4       // parties a whistle
#define NOTED_REASON 1504 // bytes with NUL: 500 characters
struct noted {
    int32_t n;
    int32_t by[NOTED_MAX];
    int64_t seq[NOTED_MAX]; // of their journal rows
    char reason[NOTED_MAX][NOTED_REASON];
};

#endif
