// SPDX-License-Identifier: Apache-2.0
// What was said in a matter besides its own first words: by those joined to it, and later by
// itself. A whistle that is joined brings it along, a parting takes it along. Read from events one
// by one; the record is bytes, so that it may lie in a shelf. Pure.
#ifndef WH_DISPATCH_SAYINGS_H
#define WH_DISPATCH_SAYINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dispatch/whistle.h"

// One event carries so many bytes of it, one decision so many events; what is beyond is left out,
// the oldest first (it stays in the histories).
#define SAYINGS_EVENT_BYTES ((size_t)256 << 10)
#define SAYINGS_EVENTS 3

// In the order they were said; borrowed from the record that was read.
struct sayings {
    size_t n;
    Whistle__V1__Saying **list;
};

// What the event adds to the record of its whistle: packed into the arena. *ret_n 0: nothing.
// NULL only when there is no memory.
const void *sayings_record(const Whistle__V1__DispatchEvent *event, struct wh_arena *arena,
                           size_t *ret_n);
// Records in a row, unpacked: what is left of them, in the list of the record itself.
void sayings_read(Whistle__V1__WhistleSupported *record, struct sayings *ret);
// Bytes that one of them takes in an event, at most.
size_t sayings_bytes(const Whistle__V1__Saying *saying);
// How many whistles but `without` say something.
size_t sayings_speakers(const struct sayings *sayings, const char *without);
// Is this the first one of its whistle in the list?
bool sayings_is_first(const struct sayings *sayings, size_t i);

#endif
