// SPDX-License-Identifier: Apache-2.0
// What of a raised whistle matters to dedup: how it stands at first, what the matcher compares, and
// the district's words of danger in it. Pure.
#ifndef WH_DEDUP_RAISED_H
#define WH_DEDUP_RAISED_H

#include "dedup/matter.h"
#include "district/district.h"
#include "match/report.h"
#include "whistle/v1/intake.pb-c.h"

// Words of danger, as the district writes them (borrowed from it), and their hashes.
struct danger {
    size_t n;
    const char *words[MATTER_DANGER_MAX];
    uint64_t hashes[MATTER_DANGER_MAX];
};

struct raised {
    struct standing standing; // stage, told and seq are for the fold to say
    struct danger danger;
    struct match_input input; // texts borrowed from the facts
    int64_t same_as;          // what its reporter says it is the same as, 0: nothing
};

void raised_read(const struct wh_district *district, int64_t id,
                 const Whistle__V1__WhistleFacts *facts, struct raised *ret_raised);
// Adds the words that stand in a text.
void raised_danger_word(const char *word, struct danger *danger); // one of the district's
void raised_danger(const struct wh_district *district, const char *text, struct danger *danger);
void raised_supplement(const struct wh_district *district,
                       const Whistle__V1__WhistleSupplemented *more, struct danger *ret_danger);

#endif
