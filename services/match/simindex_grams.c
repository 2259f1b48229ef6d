// SPDX-License-Identifier: Apache-2.0
// Reports under their rarest bigrams. Which ones is decided by the document frequencies of the
// moment and kept with the slot, so that taking a report out finds them again.
#include <string.h>

#include "match/simindex_internal.h"

// A bigram to choose is one number that is the smaller the rarer it is: twice its document
// frequency (a name of a place's one less than others'), its hash, its ordinal in the report.
struct choices {
    uint64_t at[SIMINDEX_POSTED];
    size_t n;
};

static uint32_t hash_of(uint64_t choice)
{
    return (uint32_t)(choice >> 8) & (MATCH_GRAMS - 1);
}

static uint64_t choice_of(const struct simindex *index, const struct match_gram *gram,
                          size_t ordinal)
{
    uint64_t rank = (uint64_t)index->corpus.df[gram->hash] << 1 | !gram->name;
    return rank << (8 + MATCH_GRAM_BITS) | (uint64_t)gram->hash << 8 | ordinal;
}

// Keeps the rarest `room`, the rarest first.
static void keep(uint64_t *at, size_t *n, size_t room, uint64_t choice)
{
    size_t i = *n;
    if (i == room && choice >= at[i - 1])
        return;
    i -= i == room;
    *n = i + 1;
    for (; i > 0 && choice < at[i - 1]; i--)
        at[i] = at[i - 1];
    at[i] = choice;
}

// First the title's rarest, then the rarest of all others. held: only those under which a report
// stands.
static void choose(const struct simindex *index, const struct match_report *report, bool held,
                   struct choices *ret)
{
    const uint8_t *bytes = match_gram_bytes(report);
    size_t n = report->grams < SIMINDEX_ORDINALS ? report->grams : SIMINDEX_ORDINALS, all_n = 0;
    uint64_t all[SIMINDEX_POSTED];
    ret->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        if (held && index->grams[gram.hash].n == 0)
            continue;
        uint64_t choice = choice_of(index, &gram, i);
        keep(all, &all_n, SIMINDEX_POSTED, choice);
        if (gram.title)
            keep(ret->at, &ret->n, SIMINDEX_TITLE, choice);
    }
    size_t titles = ret->n;
    for (size_t i = 0; i < all_n && ret->n < SIMINDEX_POSTED; i++) {
        bool taken = false;
        for (size_t k = 0; k < titles && !taken; k++)
            taken = ret->at[k] == all[i];
        if (!taken)
            ret->at[ret->n++] = all[i];
    }
}

static void fetch(const struct simindex *index, uint32_t hash)
{
    __builtin_prefetch(simlist_block(&index->pool, &index->grams[hash]));
}

bool simindex_grams_add(struct simindex *index, uint32_t slot)
{
    struct choices choices;
    uint8_t *posted = simindex_back(index, slot)->posted;
    memset(posted, SIMINDEX_UNPOSTED, SIMINDEX_POSTED);
    choose(index, simindex_blob(index, slot), false, &choices);
    for (size_t i = 0; i < choices.n; i++)
        fetch(index, hash_of(choices.at[i]));
    for (size_t i = 0; i < choices.n; i++) {
        if (!simlist_push(&index->pool, &index->grams[hash_of(choices.at[i])], slot))
            return false;
        posted[i] = (uint8_t)choices.at[i];
    }
    return true;
}

void simindex_grams_remove(struct simindex *index, uint32_t slot)
{
    const uint8_t *bytes = match_gram_bytes(simindex_blob(index, slot));
    uint8_t *posted = simindex_back(index, slot)->posted;
    for (size_t i = 0; i < SIMINDEX_POSTED && posted[i] != SIMINDEX_UNPOSTED; i++)
        fetch(index, match_gram_raw(bytes, posted[i]) >> 4);
    for (size_t i = 0; i < SIMINDEX_POSTED && posted[i] != SIMINDEX_UNPOSTED; i++) {
        uint32_t hash = match_gram_raw(bytes, posted[i]) >> 4;
        (void)simlist_drop(&index->pool, &index->grams[hash], slot);
        posted[i] = SIMINDEX_UNPOSTED;
    }
}

void simindex_grams_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg)
{
    struct choices choices;
    uint64_t sorted[SIMINDEX_POSTED];
    size_t walked = 0, sorted_n = 0;
    choose(index, report, true, &choices);
    for (size_t i = 0; i < choices.n; i++) {
        keep(sorted, &sorted_n, SIMINDEX_POSTED, choices.at[i]);
        fetch(index, hash_of(choices.at[i]));
    }
    for (size_t i = 0; i < sorted_n && walked < SIMINDEX_WALKS; i++) {
        const struct simlist *list = &index->grams[hash_of(sorted[i])];
        size_t n = list->n < SIMINDEX_WALK ? list->n : SIMINDEX_WALK;
        take(arg, simlist_values(&index->pool, list) + list->n - n, n);
        walked += n;
    }
}
