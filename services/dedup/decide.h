// SPDX-License-Identifier: Apache-2.0
// The verdict on a blown whistle: a matter of its own (cleared), one with another (merged), or one
// that waits for a person (held). Pure: what looks like it was found before (simindex.h).
#ifndef WH_DEDUP_DECIDE_H
#define WH_DEDUP_DECIDE_H

#include "dedup/matter.h"
#include "match/simindex.h"

#define LIKE_MAX 5  // that are told
#define RAISE_MAX 8 // thresholds
#define OFFER_DAYS 30

enum offer { OFFER_REOPEN = 1, OFFER_NEW = 2, OFFER_RECURRING = 4 };

// Why a whistle looks like a matter. rule: what decided (see decide_rule_text in say.c).
struct resemblance {
    int64_t root, compared;
    struct match_score score;
    enum match_band band;
    const char *rule;
    int64_t resolved_at;
    unsigned offer; // bits of enum offer
};

struct decide_settings {
    bool by_hand; // nothing is joined by itself: what is the same is shown as perhaps the same
    int64_t hold_ms;
    size_t n_raise;
    int32_t raise[RAISE_MAX]; // supporters at which a matter's priority rises, ascending
};

enum verdict_kind { VERDICT_CLEAR, VERDICT_HOLD, VERDICT_MERGE };

struct verdict {
    enum verdict_kind kind;
    int64_t until_at; // HOLD
    uint8_t raise_to; // MERGE: the matter's priority from now on, 0: as it is
    size_t n;         // MERGE: like[0] is what it is one with
    struct resemblance like[LIKE_MAX];
};

// What a decision is made by.
struct decide_by {
    const struct matters *matters;
    const struct match_model *model;
    const struct decide_settings *settings;
    int64_t now;
};

// Likenesses of a whistle, best first, one a matter (the best of it); at most max. Its own matter
// is left out, what it was separated from is told as APART. hits: as simindex_find gives them.
size_t decide_likenesses(const struct decide_by *by, const struct standing *standing,
                         const struct simindex_hit *hits, size_t n_hits,
                         struct resemblance *ret_like, size_t max);
// blown_at: when intake let it go; a hold counts from then.
void decide_blown(const struct decide_by *by, const struct standing *standing,
                  const struct simindex_hit *hits, size_t n_hits, int64_t blown_at,
                  struct verdict *ret_verdict);
// What a reporter says it is the same as, and a person has looked at: joined to that one's matter
// (SAID) where nothing stands against it, whatever the texts look like. same_as 0: nothing.
void decide_said(const struct decide_by *by, const struct standing *standing, int64_t same_as,
                 struct verdict *verdict);
// The priority of root `into` when a whistle of this priority joins with all its own supporters
// (joining counts them and itself); 0: it stays. By the number of supporters it never rises to P1.
uint8_t decide_raise(const struct decide_by *by, int64_t into, uint8_t priority, size_t joining);
// What a matter's priority is by itself: its own, its supporters' most urgent one (0: none), how
// many there are.
uint8_t decide_priority(const struct decide_settings *settings, uint8_t own, uint8_t urgency,
                        size_t supporters);
// "5,20": ascending numbers from 1; "" none. 0, WH_E_INVALID.
int decide_read_raise(const char *text, struct decide_settings *settings);
// May it be answered with a reopening, or as one that came back?
unsigned decide_offer(const struct standing *root, int64_t now);

#endif
