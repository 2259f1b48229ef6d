// SPDX-License-Identifier: Apache-2.0
// The next whistle's number: per local day from 1 up, never used twice. The day only moves forward:
// a clock that jumps back keeps counting in the later day, so numbers are strictly increasing
// always.
#ifndef WH_INTAKE_NUMBER_H
#define WH_INTAKE_NUMBER_H

#include <stdint.h>

#define NUMBER_DAY 10000000 // whistle = yyyymmdd * this + n

struct numbers {
    int32_t day;  // yyyymmdd of the last number given, 0: none yet
    int32_t last; // its n
};

// From the greatest number ever given (0: none).
void numbers_restore(struct numbers *numbers, int64_t greatest);
// No number up to `least` is given from now on (those of a past that was lost); never goes back.
void numbers_go_on_after(struct numbers *numbers, int64_t least);
// local_day: yyyymmdd now in the district's zone. 0, WH_E_RANGE where the day is full.
int numbers_next(struct numbers *numbers, int32_t local_day, int64_t *ret_whistle);

#endif
