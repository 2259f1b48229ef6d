// SPDX-License-Identifier: Apache-2.0
// Can everybody be reached who would have to answer? For every category and street: the lead and
// the supports, for each minute of the next seven days two different contacts (P1, P2 round the
// clock, others in working hours), and one live key or notice channel. At a lead a gap is a hole,
// at a support a warning.
#ifndef WH_DISPATCH_CHECK_H
#define WH_DISPATCH_CHECK_H

#include "base/arena.h"
#include "dispatch/whistle.h"

// What only the outside knows. NULL functions: no key is live; every channel is.
struct check_liveness {
    void *arg;
    bool (*key)(void *arg, const char *identity);    // has it a live key?
    bool (*channel)(void *arg, const char *channel); // does somebody send "kind:address"?
};

// In the arena; NULL past its cap.
Whistle__V1__RoutingChecked *check_routing(const struct wh_district *district,
                                           struct wh_arena *arena, int64_t now,
                                           const struct check_liveness *liveness);

#endif
