// SPDX-License-Identifier: Apache-2.0
// Several whistles of one place and moment, with dedup's word on them: cleared, held, unchecked,
// joined, parted; a model of who is joined to what beside them. No time passes but by world_pass.
#ifndef WH_TESTS_SUPPORT_DISPATCH_JOIN_H
#define WH_TESTS_SUPPORT_DISPATCH_JOIN_H

#include "dispatch/notice.h"
#include "support/dispatch_play.h"

#define WORLD_MAX 8
#define STREET_OF_WORLD "990101001" // raises all of them
#define NOBODY (-1)

struct world {
    const struct wh_district *district;
    int64_t now;
    size_t n;
    uint8_t priority;
    struct play plays[WORLD_MAX];
    int into[WORLD_MAX]; // the model: joined to this one, NOBODY
    struct wh_arena arena;
    // What the next joins say.
    const char *danger;
    Whistle__V1__Priority raise_to, lower_to; // a split's
    Whistle__V1__JoinAs how;
};

void world_begin(struct world *w, const struct wh_district *district, int64_t now, size_t n,
                 Whistle__V1__Priority priority);
void world_end(struct world *w);
void world_pass(struct world *w, int64_t ms);

// How many events the whistle's own decision made. submit: intake says it, dedup forwards it.
size_t world_submit(struct world *w, size_t i);
size_t world_clear(struct world *w, size_t i);
size_t world_hold(struct world *w, size_t i, int64_t until);
size_t world_unheld(struct world *w, size_t i); // its time has passed
size_t world_unchecked(struct world *w, size_t i);
// Was it joined, parted?
bool world_join(struct world *w, size_t i, size_t into, bool by_person);
bool world_split(struct world *w, size_t i);
// Somebody adds a text. Was it taken?
bool world_supplement(struct world *w, size_t i, const char *text);
int world_root(const struct world *w, size_t i);
// What was said in it, as far as it stands: of the world's arena, until the next call.
struct sayings world_sayings(struct world *w, size_t i);
// A desk opens: plays[i].d is the decision.
void world_release(struct world *w, size_t i, const struct queue *queue);
size_t world_fan_outs(const struct world *w, size_t i); // how often it was dispatched

#endif
