// SPDX-License-Identifier: Apache-2.0
// Between door.c (socket, windows, answers) and door_check.c (is this command acceptable).
#ifndef WH_RUNTIME_DOOR_INTERNAL_H
#define WH_RUNTIME_DOOR_INTERNAL_H

#include "runtime/door.h"
#include "runtime/window.h"

#define WH_DOOR_ITEM_CAP (1024 * 1024)
#define WH_DOOR_BIG_ITEM_CAP (16 * 1024 * 1024)
#define WH_DOOR_MESSAGE_MAX (1024 * 1024)
#define WH_DOOR_BIG_MESSAGE_MAX (4 * 1024 * 1024)
// Whose commands may hold a whole district: big message, big item, ample limits.
#define WH_DOOR_BIG_ROLES (WH_ROLE_OPERATOR | WH_ROLE_DISTRICT | WH_ROLE_SERVICE)
#define WH_DOOR_OFFICER_MAX 64

// An item with what only the door knows.
struct wh_door_slot {
    struct wh_door_item item; // first: an item is its slot
    struct wh_window *window; // NULL until entered
    bool big;                 // of a key that may send a whole district
    struct wh_door_slot *next, **link;
    char why[64]; // room for a field's path while it is refused
};

struct wh_door_socket {
    struct wh_door_options options;
    struct wh_socket *socket;
    struct wh_windows windows;
    const struct wh_route **routes; // by field number
    size_t n_routes;
    struct wh_door_slot *out;  // handed out
    struct wh_door_slot *free; // kept for reuse with their arenas' first blocks
    size_t n_free;
    uint8_t *buffer; // answers are packed here
    size_t buffer_n;
    bool draining;
    struct wh_door_counts counts;
};

// Why a command is refused. WH_RULE_NONE: it is not.
struct wh_door_verdict {
    enum wh_rule rule;
    const char *field, *detail;
    int64_t retry_ms;
};

// Everything that can be said about a command before the service sees it: frame, ids, actor, body,
// route, role. Fills in the slot's item. `holder`: whose key spoke.
struct wh_door_verdict wh_door_check(struct wh_door_socket *door, struct wh_door_slot *slot,
                                     const struct wh_key_holder *holder,
                                     const Whistle__V1__Command *command, int64_t now);
// The request id of a frame that is not unpacked: as canonical writers put it. False: not found.
bool wh_door_peek_id(const uint8_t *data, size_t n, struct wh_uuid *ret_id);

#endif
