// SPDX-License-Identifier: Apache-2.0
// What an event of dedup's journal does to the forest: dedup's state is the fold of its journal, by
// this one function, live and in a replay alike. Pure.
#ifndef WH_DEDUP_FOLD_H
#define WH_DEDUP_FOLD_H

#include "dedup/matter.h"
#include "district/district.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/envelope.pb-c.h"

// district: in force when the event was made. 0, WH_E_NOMEM, WH_E_INVALID (an event that cannot
// follow; part of it may be done, see matters_undo).
int fold_event(struct matters *matters, const struct wh_district *district,
               const Whistle__V1__Event *envelope, const Whistle__V1__DedupEvent *event);

// Has dispatch ended it (for good or until it is reopened)?
bool fold_has_ended(const struct standing *standing);
// Does it keep its matter in memory whatever its age?
bool fold_is_open(const struct standing *standing);
int64_t fold_id(const char *number); // 0 where it is none

#endif
