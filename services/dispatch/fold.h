// SPDX-License-Identifier: Apache-2.0
// The only place where a whistle's state changes: an event of dispatch's journal is applied to it.
// State is the fold of the journal; deciding (decide.h) emits events and folds them with this same
// function, so what was decided is what will be replayed.
#ifndef WH_DISPATCH_FOLD_H
#define WH_DISPATCH_FOLD_H

#include "dispatch/whistle.h"
#include "whistle/v1/envelope.pb-c.h"

// What of the journal row's envelope the fold needs.
struct fold_context {
    const struct wh_district *district; // the version in force at that row
    int64_t at;                         // the turn's time
    int64_t object;                     // the whistle's number
    const char *identity, *officer;     // the actor; "" for timers
    bool is_district;                   // the actor speaks for the district
};

// Applies `event` to `room` (made by whistle_copy; an empty one where the event creates it).
// 0; WH_E_INVALID where the event does not fit the state (a journal that is not ours), room then
// undefined. Events that touch no whistle (district_adopted, notice answers, a withdrawal of what
// is not here) change nothing.
int fold(struct whistle_room *room, const struct fold_context *context,
         const Whistle__V1__DispatchEvent *event);
// From a journal row: the context out of its envelope.
struct fold_context fold_context_of(const struct wh_district *district,
                                    const Whistle__V1__Event *envelope);

#endif
