// SPDX-License-Identifier: Apache-2.0
// Reports under their rarest bigrams. Which ones is decided by the document frequencies of the
// moment and kept with the slot, so that taking a report out finds them again.
#include <string.h>

#include "match/simindex_internal.h"

struct choice {
    uint64_t rank; // document frequency; of equally rare ones the names of places come first
    uint32_t hash;
    uint8_t ordinal;
};

struct choices {
    struct choice at[SIMINDEX_POSTED];
    size_t n;
};

static bool rarer(const struct choice *a, const struct choice *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->hash < b->hash;
}

// Keeps the rarest `room` from at[from] on, the rarest first.
static void keep(struct choices *choices, size_t from, size_t room, const struct choice *choice)
{
    size_t end = from + room, i = choices->n;
    if (i == end) {
        if (!rarer(choice, &choices->at[i - 1]))
            return;
        i--;
    } else {
        choices->n++;
    }
    for (; i > from && rarer(choice, &choices->at[i - 1]); i--)
        choices->at[i] = choices->at[i - 1];
    choices->at[i] = *choice;
}

static bool has(const struct choices *choices, size_t n, uint8_t ordinal)
{
    for (size_t i = 0; i < n; i++)
        if (choices->at[i].ordinal == ordinal)
            return true;
    return false;
}

// First the title's rarest, then the rarest of all others. held: only those under which a report
// stands.
static void choose(const struct simindex *index, const struct match_report *report, bool held,
                   struct choices *ret)
{
    const uint8_t *bytes = match_gram_bytes(report);
    size_t n = report->grams < SIMINDEX_ORDINALS ? report->grams : SIMINDEX_ORDINALS;
    ret->n = 0;
    for (int round = 0; round < 2; round++) {
        size_t from = ret->n, room = round == 0 ? SIMINDEX_TITLE : SIMINDEX_POSTED - from;
        for (size_t i = 0; i < n; i++) {
            struct match_gram gram = match_gram_at(bytes, i);
            uint64_t rank = (uint64_t)index->corpus.df[gram.hash] << 1 | !gram.name;
            struct choice choice = {rank, gram.hash, (uint8_t)i};
            if (held && index->grams[gram.hash].n == 0)
                continue;
            if (round == 0 ? gram.title : !has(ret, from, choice.ordinal))
                keep(ret, from, room, &choice);
        }
    }
}

bool simindex_grams_add(struct simindex *index, uint32_t slot)
{
    struct choices choices;
    uint8_t *posted = simindex_page(index, slot)->posted[slot % SIMINDEX_PAGE];
    memset(posted, SIMINDEX_UNPOSTED, SIMINDEX_POSTED);
    choose(index, simindex_blob(index, slot), false, &choices);
    for (size_t i = 0; i < choices.n; i++) {
        if (!simlist_push(&index->pool, &index->grams[choices.at[i].hash], slot))
            return false;
        posted[i] = choices.at[i].ordinal;
    }
    return true;
}

void simindex_grams_remove(struct simindex *index, uint32_t slot)
{
    const uint8_t *bytes = match_gram_bytes(simindex_blob(index, slot));
    uint8_t *posted = simindex_page(index, slot)->posted[slot % SIMINDEX_PAGE];
    for (size_t i = 0; i < SIMINDEX_POSTED && posted[i] != SIMINDEX_UNPOSTED; i++) {
        uint32_t hash = match_gram_raw(bytes, posted[i]) >> 4;
        (void)simlist_drop(&index->pool, &index->grams[hash], slot);
        posted[i] = SIMINDEX_UNPOSTED;
    }
}

// All choices of both rounds, the rarest first.
static void sort(struct choices *choices)
{
    for (size_t i = 1; i < choices->n; i++) {
        struct choice choice = choices->at[i];
        size_t k = i;
        for (; k > 0 && rarer(&choice, &choices->at[k - 1]); k--)
            choices->at[k] = choices->at[k - 1];
        choices->at[k] = choice;
    }
}

void simindex_grams_walk(const struct simindex *index, const struct match_report *report,
                         simindex_list_fn take, void *arg)
{
    struct choices choices;
    choose(index, report, true, &choices);
    sort(&choices);
    size_t walked = 0;
    for (size_t i = 0; i < choices.n && walked < SIMINDEX_WALKS; i++) {
        const struct simlist *list = &index->grams[choices.at[i].hash];
        size_t n = list->n < SIMINDEX_WALK ? list->n : SIMINDEX_WALK;
        take(arg, simlist_values(&index->pool, list) + list->n - n, n);
        walked += n;
    }
}
