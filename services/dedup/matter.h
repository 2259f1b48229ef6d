// SPDX-License-Identifier: Apache-2.0
// Which whistles are one matter: a forest. A join hangs one whole tree under the root of another, a
// split takes a branch off again; nothing else ever moves, so a join and its split leave the forest
// as it was. A matter is named by its root. What is counted or gathered (supporters,
// representatives, danger words, who was separated from whom) is found by walking the tree, never
// stored. Pure.
//
// Every change can be undone: matters_mark, changes, matters_undo. The caller says when they stand
// (matters_keep).
#ifndef WH_DEDUP_MATTER_H
#define WH_DEDUP_MATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MATTER_DANGER_MAX 32 // danger words kept of one report
#define MATTER_REPS 3        // the root and its two newest

enum stage {
    STAGE_NONE,   // dispatch spoke of it, intake has not
    STAGE_HELD,   // waits for a person until until_at
    STAGE_OUT,    // a matter of its own that went out
    STAGE_JOINED, // in the matter of another
    STAGE_ENDED,  // the street took it back while it was held
};

#define REPORT_DRILL 1  // a drill: never compared with what is none
#define REPORT_DOUBT 2  // went out as perhaps the same as another, undecided
#define REPORT_DANGER 4 // a word of danger was in it as it was raised: it waits for nobody
#define REPORT_RECURS 8 // a person said that an earlier matter came back in it

// How one whistle stands: a row of the table report, without its bytes.
struct standing {
    int64_t id, at, told, seq, until_at, resolved_at, asks;
    int64_t raised; // its priority before joins raised it, 0: none did since somebody set it
    int32_t unit, street;
    uint8_t stage, moved, priority, flags; // moved: WhistleState as dispatch said last, 0: nothing
};

struct matters;

struct matters *matters_new(void); // NULL without memory
void matters_free(struct matters *matters);
void matters_clear(struct matters *matters);
size_t matters_count(const struct matters *matters);
size_t matters_bytes(const struct matters *matters);

// ---- changes. 0, WH_E_NOMEM: then nothing changed. ----------------------------------------------

// Puts a whistle there or changes how it stands.
int matters_put(struct matters *matters, const struct standing *standing);
// Adds words (hashes) that were in it.
int matters_danger(struct matters *matters, int64_t id, const uint64_t *words, size_t n);
// The tree of root `child` hangs under root `parent` from now on. WH_E_INVALID: one is no root, or
// they are the same. raised_from: the parent's priority before, where the join raised it, else 0.
int matters_join(struct matters *matters, int64_t child, int64_t parent, int64_t seq,
                 uint8_t raised_from);
// The branch of `child` is a tree of its own again. WH_E_INVALID: it is a root.
int matters_split(struct matters *matters, int64_t child);
int matters_set_apart(struct matters *matters, int64_t a, int64_t b, bool apart);
// The same for rows that are read: hangs any child without a parent, and nothing is logged.
int matters_hang(struct matters *matters, int64_t child, int64_t parent, int64_t seq,
                 uint8_t raised_from);
// Forgets the whistle. For those that leave memory whole trees at a time; cannot be undone.
void matters_drop(struct matters *matters, int64_t id);

// What one change since the last matters_keep was. other: the parent, or the other one of a pair.
// seq: of the join (JOINED, SPLIT).
enum matters_what { MATTERS_NEW, MATTERS_STANDING, MATTERS_JOINED, MATTERS_SPLIT, MATTERS_APART };
struct matters_change {
    enum matters_what what;
    int64_t id, other, seq;
    uint8_t raised_from;
};
// Change i of matters_mark(); JOINED and SPLIT speak of now, so look before more changes are made.
struct matters_change matters_change(const struct matters *matters, size_t i);
size_t matters_mark(const struct matters *matters);
void matters_undo(struct matters *matters, size_t mark);
void matters_keep(struct matters *matters);

// ---- questions ----------------------------------------------------------------------------------

const struct standing *matters_get(const struct matters *matters, int64_t id); // NULL without
int64_t matters_root(const struct matters *matters, int64_t id);               // 0 without
int64_t matters_parent(const struct matters *matters, int64_t id);             // 0: a root
// seq and raised_from of its join; 0 for a root.
int64_t matters_joined_seq(const struct matters *matters, int64_t id);
uint8_t matters_raised_from(const struct matters *matters, int64_t id);
size_t matters_supporters(const struct matters *matters, int64_t id); // all below it
// The most urgent priority of those below `id` without the branch of `without` (0: with all); 0:
// there is none.
uint8_t matters_urgency(const struct matters *matters, int64_t id, int64_t without);
// The tree of `id`'s branch: itself first, then by id. Returns how many there are (may be more than
// max).
size_t matters_members(const struct matters *matters, int64_t id, int64_t *ret_ids, size_t max);
// Root, newest, second newest (by at, then id) of root `id`. Returns 0 to MATTER_REPS.
size_t matters_representatives(const struct matters *matters, int64_t id,
                               int64_t ret_ids[MATTER_REPS]);
// Was anybody of one branch separated from anybody of the other?
bool matters_are_apart(const struct matters *matters, int64_t a, int64_t b);
bool matters_are_apart_themselves(const struct matters *matters, int64_t a, int64_t b);
// One such pair, the one of a's branch first; false where there is none.
bool matters_next_apart(const struct matters *matters, int64_t a, int64_t b, int64_t ret_pair[2]);
// Those that were separated from a whistle itself.
size_t matters_apart_of(const struct matters *matters, int64_t id, int64_t *ret_ids, size_t max);
// Is this word in any report of the branch?
bool matters_has_danger(const struct matters *matters, int64_t id, uint64_t word);
const uint64_t *matters_danger_of(const struct matters *matters, int64_t id, size_t *ret_n);

// Up to max whistles from place *pos on, in no order; at the end *pos is 0 again. Changes between
// two calls may make it miss some or tell some twice.
size_t matters_slice(const struct matters *matters, size_t *pos, int64_t *ret_ids, size_t max);

#endif
