// SPDX-License-Identifier: Apache-2.0
// Who answers: category × place × tags → exactly one lead and the supports, each with the reason.
// The rule of the deepest unit that has one wins; rules with a tag add to it; a lead there takes
// the lead over. Where nothing fits the district's dispatcher leads: a matter is never nobody's.
#ifndef WH_DISPATCH_ROUTE_H
#define WH_DISPATCH_ROUTE_H

#include "base/arena.h"
#include "dispatch/whistle.h"
#include "whistle/v1/intake.pb-c.h"

struct route_choice {
    int32_t party;
    uint8_t part;     // Whistle__V1__Part
    const char *rule; // BASE, UNIT, TAG, BACKSTOP, NAMED (a department's `to`)
    const char *unit; // the rule's unit, "" everywhere
    const char *tag;  // the rule's tag, "" none
};

struct route {
    size_t n; // at least 1; the lead stands first
    struct route_choice choices[TASKS_MAX];
};

// place: the unit where it is (0: the whole district). raiser: never handles what it raised, 0
// none.
void route_match(const struct wh_district *district, const char *category, int32_t place,
                 char *const *tags, size_t n_tags, int32_t raiser, struct route *ret_route);
// For a whistle as intake tells it; `to` (a department that whistles to streets) wins over the
// table.
void route_whistle(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                   struct route *ret_route);
// The answer to ExplainRoute, in the arena; NULL without memory.
Whistle__V1__RouteExplained *route_explain(const struct wh_district *district,
                                           struct wh_arena *arena, const char *category,
                                           int32_t place, char *const *tags, size_t n_tags);

#endif
