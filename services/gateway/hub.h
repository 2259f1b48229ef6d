// SPDX-License-Identifier: Apache-2.0
// The newest events of a feed in memory, as they are told to people's programs: a ring of short
// JSON texts with the subjects that may hear each. Decides what is kept and what an identity finds
// in it; where events come from and to whom they go is handler_hub.c's and handler_feed.c's. Pure.
#ifndef WH_GATEWAY_HUB_H
#define WH_GATEWAY_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub;

#define HUB_ALL 0 // in the place of a subject: everything

// At most so many bytes (texts and what they need) and events. NULL without memory.
struct hub *hub_new(size_t max_bytes, size_t max_events);
void hub_free(struct hub *hub);
// Forgets everything: the next event comes after `head`.
void hub_reset(struct hub *hub, int64_t head);

struct hub_event {
    int64_t seq, object;
    const int32_t *subjects;
    size_t n_subjects;
    const char *kind; // static
    const char *json; // one line
    size_t n;
};
// Copies it; the oldest ones leave for it. 0; WH_E_INVALID (its seq does not rise), WH_E_NOMEM.
int hub_add(struct hub *hub, const struct hub_event *event);
// Nothing else happened up to here.
void hub_moved(struct hub *hub, int64_t upto);

// Every event after floor and up to head is here.
int64_t hub_floor(const struct hub *hub);
int64_t hub_head(const struct hub *hub);
size_t hub_count(const struct hub *hub);
size_t hub_bytes(const struct hub *hub);

// Does an event concern the subject (or HUB_ALL)?
bool hub_concerns(const struct hub_event *event, int32_t subject);
// The events after `after`, at most max and of at most max_bytes of text (but one at least), that
// concern the subject; borrowed until the hub changes. *ret_upto: up to where this is everything.
// WH_E_RANGE: `after` lies before the floor; else how many.
int hub_read(const struct hub *hub, int32_t subject, int64_t after, size_t max, size_t max_bytes,
             struct hub_event *ret_events, int64_t *ret_upto);

#endif
