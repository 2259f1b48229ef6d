// SPDX-License-Identifier: Apache-2.0
// What would have been: a whistle's recorded journal lived again under another district's data, by
// the same code that decides live. Intake's events and the people's acts are taken as they were
// recorded, at their times; what time brings about (an automatic ruling, escalations) is decided
// anew. Acts of a department that the other data would not have called are left out; a department
// that only the other data call has no recorded acts, so it is counted as called and never as
// overdue. Pure: no clock, no I/O.
#ifndef WH_DISPATCH_SIMULATE_H
#define WH_DISPATCH_SIMULATE_H

#include "base/arena.h"
#include "dispatch/whistle.h"
#include "whistle/v1/envelope.pb-c.h"

struct simulation;

// actual, other: borrowed until the end. now: the time by which clocks are judged, ms UTC. lines:
// how many changed whistles are told one by one. 0, WH_E_NOMEM.
int simulation_new(const struct wh_district *actual, const struct wh_district *other, int64_t now,
                   size_t lines, struct simulation **ret_simulation);
void simulation_free(struct simulation *simulation);

// One whistle: its packed journal rows (Event) in order. 0, WH_E_NOMEM, WH_E_INVALID (cannot be
// read; the whistle is left out).
struct simulation_row {
    const uint8_t *body;
    size_t n;
};
int simulation_add(struct simulation *simulation, const struct simulation_row *rows, size_t n);

// The difference, borrowed from the simulation.
const Whistle__V1__SimulationResult *simulation_result(struct simulation *simulation);

#endif
