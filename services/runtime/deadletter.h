// SPDX-License-Identifier: Apache-2.0
// Trying dead letters again: for a service's route.
#ifndef WH_RUNTIME_DEADLETTER_H
#define WH_RUNTIME_DEADLETTER_H

#include "runtime/service.h"

// Puts the open dead letter `id` of a followed feed, and all open ones of its object, back into the
// inbox, in order. Asynchronous: what goes through is marked in its own turn, the first one that
// fails again stays with those behind it. Commands are not kept here (their sender was told) and
// are not tried again. 0, WH_E_BUSY (not serving).
int wh_deadletter_retry(struct wh_runtime *runtime, int64_t id);

#endif
