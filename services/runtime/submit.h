// SPDX-License-Identifier: Apache-2.0
// Between submit.c (commands of the process itself, see wh_submit in service.h) and the door, whose
// answers they share.
#ifndef WH_RUNTIME_SUBMIT_H
#define WH_RUNTIME_SUBMIT_H

#include "runtime/door.h"

// Tells who submitted it and frees the item. answer NULL: its outcome is unknown.
void wh_submit_answer(struct wh_door_item *item, const Whistle__V1__Answer *answer);

#endif
