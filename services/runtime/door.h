// SPDX-License-Identifier: Apache-2.0
// The door: a ROUTER socket where commands come in and answers leave. Decides: is the key live, is
// the frame well-formed, does the route exist and may this role take it, is the request id's time
// acceptable, is there room (per peer: 512 commands and 2 MiB; in all: 8,192 and 32 MiB), does the
// service admit. A message has at most 1 MiB; 4 MiB from those who may adopt a district. What
// passes becomes a wh_door_item handed to `take`; everything else is answered at once. Knows no
// database.
#ifndef WH_RUNTIME_DOOR_H
#define WH_RUNTIME_DOOR_H

#include "client/bus.h"
#include "runtime/identity.h"
#include "runtime/metrics.h"
#include "runtime/service.h"

#define WH_PRINCIPAL_MAX (2 * WH_IDENTITY_MAX + 2)

struct wh_door_socket;

// A command on its way through the turns. Owned by the door until wh_door_answer.
struct wh_door_item {
    struct wh_item item;   // unpacked in its own arena
    struct wh_arena arena; // cap: 1 MiB (16 MiB for roles operator, district and service)
    const struct wh_route *route;
    struct wh_peer peer;
    char principal[WH_PRINCIPAL_MAX]; // acting principal: identity, or gateway's "key>identity"
    uint8_t digest[16]; // BLAKE2b of the command's body, officer and acting_for as received
    bool urgent;        // the service says so
    bool inside;        // of the process itself (submit.c), not of the socket
    size_t bytes;       // counted against the windows: received and unpacked
    struct wh_door_item *next;
    void *turn_data; // the turn engine's own
};

struct wh_door_options {
    struct wh_bus *bus;
    const char *endpoint;
    const struct wh_key *key;
    const struct wh_service *service;
    struct wh_identity *identity;
    void *state;                                        // the service's
    void (*take)(void *arg, struct wh_door_item *item); // to the turn engine's inbox (or a query)
    // BUSY state of the whole service; WH_RULE_NONE: serving. Asked for every command.
    enum wh_rule (*busy)(void *arg, int64_t *ret_retry_ms);
    // What operators are told beside BUSY: why. NULL: nothing is known. May be NULL.
    const char *(*why)(void *arg);
    struct wh_metrics *metrics; // where refusals are counted; NULL: nowhere
    // Does the process take this command now? Asked before the service's own admit; may be NULL.
    enum wh_rule (*admit)(void *arg, const struct wh_door_item *item, int64_t *ret_retry_ms);
    void *arg;
};

int wh_door_open(const struct wh_door_options *options, struct wh_door_socket **ret_door);
// Refuses new commands with BUSY from now on (drain).
void wh_door_drain(struct wh_door_socket *door);
// Items not yet answered are freed too: nobody may hold one any more.
void wh_door_close(struct wh_door_socket *door);
// Sends the answer (request_id is filled in) and frees the item. A peer that is gone is fine.
void wh_door_answer(struct wh_door_socket *door, struct wh_door_item *item,
                    Whistle__V1__Answer *answer);
// The same with an error made of a rule.
void wh_door_refuse(struct wh_door_socket *door, struct wh_door_item *item, enum wh_rule rule,
                    const char *field, const char *detail, int64_t retry_ms);
// Frees the item without a word: its outcome is unknown (the database went away in the middle), the
// client asks again under the same id.
void wh_door_drop(struct wh_door_socket *door, struct wh_door_item *item);
// Items taken and not yet answered.
size_t wh_door_pending(const struct wh_door_socket *door);

struct wh_door_counts {
    uint64_t taken;    // handed to take
    uint64_t refused;  // answered at once with an error of the caller's
    uint64_t busy;     // answered at once with a time to come back
    uint64_t answered; // items answered
    uint64_t lost;     // answers that could not be sent: the peer is gone or does not read
};
struct wh_door_counts wh_door_counts(const struct wh_door_socket *door);

#endif
