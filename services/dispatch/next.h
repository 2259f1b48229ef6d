// SPDX-License-Identifier: Apache-2.0
// What happens next, by whom and until when: the one line that saves a telephone call.
// action: SIGN CHECK_IN REPORT RULE CONFIRM REVIEW SUPPLEMENT APPROVE_EXTENSION APPROVE_LEDGER
// REVIEW_LEDGER ARCHIVE DISPATCH DECIDE NONE. by: a unit's or body's code. at: ms UTC, 0 unknown.
#ifndef WH_DISPATCH_NEXT_H
#define WH_DISPATCH_NEXT_H

#include "dispatch/whistle.h"

struct next_step {
    const char *action;
    int32_t by; // party, 0 nobody
    int64_t at;
};

struct next_step next_of_task(const struct whistle *w, const struct wh_district *district,
                              const struct task *t);
struct next_step next_of_whistle(const struct whistle *w, const struct wh_district *district);

#endif
