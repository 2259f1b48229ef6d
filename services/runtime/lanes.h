// SPDX-License-Identifier: Apache-2.0
// Commands that wait, in fair order: every principal has a lane, lanes are served in turn, so that
// who asks a thousand times waits behind his own and not others behind him. Within a lane the order
// is kept. Urgent commands have lanes of their own and get every other place while ordinary ones
// wait too.
#ifndef WH_RUNTIME_LANES_H
#define WH_RUNTIME_LANES_H

#include <stddef.h>

#include "runtime/door.h"

#define WH_LANES_BUCKETS 256

struct wh_work;

struct wh_list {
    struct wh_work *first, *last;
    size_t n;
};

void wh_list_push(struct wh_list *list, struct wh_work *work);
void wh_list_push_front(struct wh_list *list, struct wh_work *work);
struct wh_work *wh_list_pop(struct wh_list *list); // NULL: empty

struct wh_lane {
    char principal[WH_PRINCIPAL_MAX];
    bool urgent;
    struct wh_list works;
    struct wh_lane *chain; // of its bucket
    struct wh_lane *next;  // of its ring
};

// Lanes with something in them, in the order of service.
struct wh_ring {
    struct wh_lane *first, *last;
};

// Embedded; an all-zero struct is ready.
struct wh_lanes {
    struct wh_lane *buckets[WH_LANES_BUCKETS];
    struct wh_ring rings[2]; // [1]: urgent
    struct wh_lane *spare;
    struct wh_lane common; // of those for whom there was no memory
    size_t n;
    bool ordinary_next;
};

// work->door is set and says who and how urgent. Behind, or before, what its principal has waiting.
void wh_lanes_push(struct wh_lanes *lanes, struct wh_work *work);
void wh_lanes_push_front(struct wh_lanes *lanes, struct wh_work *work);
struct wh_work *wh_lanes_pop(struct wh_lanes *lanes); // NULL: empty
// Only when empty.
void wh_lanes_done(struct wh_lanes *lanes);

#endif
