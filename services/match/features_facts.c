// SPDX-License-Identifier: Apache-2.0
// What the facts of two reports say of each other. One walk over both lists, which stand in the
// order of kind and value, finds what is shared; only days and districts, which agree without being
// equal, are held against each other one by one.
#include <string.h>

#include "match/facts.h"
#include "match/features.h"

#define SHARED_MAX 3

struct held {
    uint32_t mine, others;               // kinds named, as bits
    uint32_t title_mine, title_others;   // in titles
    size_t address_mine, address_others; // how many of that kind
    uint8_t shared[MATCH_FACT_KINDS];    // of each kind
    uint8_t in_titles[MATCH_FACT_KINDS]; // shared by both titles
};

static void count_kinds(const struct match_report *report, uint32_t *ret_all, uint32_t *ret_title,
                        size_t *ret_address)
{
    for (size_t i = 0; i < report->facts; i++) {
        *ret_address += MATCH_FACT_KIND(report->data[i]) == MATCH_FACT_ADDRESS;
        uint32_t bit = 1u << MATCH_FACT_KIND(report->data[i]);
        *ret_all |= bit;
        *ret_title |= report->data[i] & MATCH_FACT_TITLE ? bit : 0;
    }
}

static void hold(const struct match_report *a, const struct match_report *b, struct held *held)
{
    count_kinds(a, &held->mine, &held->title_mine, &held->address_mine);
    count_kinds(b, &held->others, &held->title_others, &held->address_others);
    for (size_t i = 0, k = 0; i < a->facts && k < b->facts;) {
        uint32_t mine = MATCH_FACT_VALUE(a->data[i]), others = MATCH_FACT_VALUE(b->data[k]);
        if (mine == others) {
            held->shared[MATCH_FACT_KIND(mine)]++;
            if (a->data[i] & b->data[k] & MATCH_FACT_TITLE)
                held->in_titles[MATCH_FACT_KIND(mine)]++;
        }
        i += mine <= others;
        k += others <= mine;
    }
}

typedef bool (*agree_fn)(uint32_t a, uint32_t b); // of bare values

static bool within(uint32_t a, uint32_t b) // b市 holds b7县
{
    return a == b || (a / MATCH_DISTRICTS == b / MATCH_DISTRICTS &&
                      (a % MATCH_DISTRICTS == 0 || b % MATCH_DISTRICTS == 0));
}

// The same day; the next, where one of them is reckoned.
static bool same_day(uint32_t a, uint32_t b)
{
    uint32_t about = (a | b) & MATCH_DAY_ABOUT ? 1 : 0;
    a &= MATCH_DAY_ABOUT - 1;
    b &= MATCH_DAY_ABOUT - 1;
    return a <= b + about && b <= a + about;
}

static bool next_day(uint32_t a, uint32_t b)
{
    return same_day(a | MATCH_DAY_ABOUT, b);
}

// Does any of a's of this kind agree with one of b's? where: MATCH_FACT_TITLE for those in titles.
static bool any_agree(const struct match_report *a, const struct match_report *b, uint32_t kind,
                      uint32_t where, agree_fn agree)
{
    for (size_t i = 0; i < a->facts; i++) {
        if (MATCH_FACT_KIND(a->data[i]) != kind || (a->data[i] & where) != where)
            continue;
        for (size_t k = 0; k < b->facts; k++)
            if (MATCH_FACT_KIND(b->data[k]) == kind && (b->data[k] & where) == where &&
                agree(MATCH_FACT_BARE(a->data[i]), MATCH_FACT_BARE(b->data[k])))
                return true;
    }
    return false;
}

static bool exclude(const struct held *held, enum match_fact_kind kind)
{
    return (held->mine & held->others) >> kind & 1 && !held->shared[kind];
}

static bool titles_exclude(const struct held *held, enum match_fact_kind kind)
{
    return (held->title_mine & held->title_others) >> kind & 1 && !held->in_titles[kind];
}

static void districts(const struct match_report *a, const struct match_report *b,
                      const struct held *held, struct match_pair *pair)
{
    if (!exclude(held, MATCH_FACT_DISTRICT) && !titles_exclude(held, MATCH_FACT_DISTRICT))
        return;
    pair->at[MATCH_DISTRICT_ALL] =
        exclude(held, MATCH_FACT_DISTRICT) && !any_agree(a, b, MATCH_FACT_DISTRICT, 0, within);
    pair->district_conflict = titles_exclude(held, MATCH_FACT_DISTRICT) &&
                              !any_agree(a, b, MATCH_FACT_DISTRICT, MATCH_FACT_TITLE, within);
}

static bool has_gram(const struct match_report *report, uint32_t hash)
{
    const uint8_t *bytes = match_gram_bytes(report);
    size_t from = 0, to = report->grams;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        uint32_t at = match_gram_raw(bytes, middle) >> 4;
        if (at == hash)
            return true;
        if (at < hash)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

bool match_address_said(const struct match_report *a, const struct match_report *b)
{
    size_t n = 0, said = 0;
    for (size_t i = 0; i < a->facts; i++) {
        if (MATCH_FACT_KIND(a->data[i]) != MATCH_FACT_ADDRESS)
            continue;
        n++;
        said += has_gram(b, MATCH_FACT_BARE(a->data[i]));
    }
    return said > 1 && said * 2 >= n;
}

// Both name an address: they have half of the shorter one in common, or they differ.
static void addresses(const struct held *held, struct match_pair *pair)
{
    size_t shorter =
        held->address_mine < held->address_others ? held->address_mine : held->address_others;
    pair->address_shared = shorter > 0 && held->shared[MATCH_FACT_ADDRESS] * 2U >= shorter;
    pair->address_conflict = shorter > 0 && !pair->address_shared;
}

#define SPOTS (1u << MATCH_FACT_BUILDING | 1u << MATCH_FACT_HOUSE | 1u << MATCH_FACT_SPOT)

// Where at the place. Numbers in conflict are a veto, and count no second time.
static void spots(const struct held *held, bool conflict, float *at)
{
    bool mine = held->mine & SPOTS, others = held->others & SPOTS;
    bool number = held->shared[MATCH_FACT_BUILDING] || held->shared[MATCH_FACT_HOUSE];
    at[MATCH_SPOT] = held->shared[MATCH_FACT_SPOT] > 0;
    at[MATCH_SPOT_OTHER] = mine && others && !number && !held->shared[MATCH_FACT_SPOT] && !conflict;
    at[MATCH_SPOT_ONE] = mine != others;
}

// Does all that a says of its beginning lie after the day b was reported?
static bool begins_after(const struct match_report *a, const struct match_report *b)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < a->facts; i++) {
        int64_t day = MATCH_FACT_BARE(a->data[i]) & (MATCH_DAY_ABOUT - 1);
        if (MATCH_FACT_KIND(a->data[i]) == MATCH_FACT_SINCE && day < first)
            first = day;
    }
    return first < INT64_MAX && first > match_day(b->at);
}

static void since(const struct match_report *a, const struct match_report *b,
                  const struct held *held, float *at)
{
    const uint32_t bit = 1u << MATCH_FACT_SINCE;
    at[MATCH_SINCE_LATE] =
        (held->mine & bit && begins_after(a, b)) || (held->others & bit && begins_after(b, a));
    if (!(held->mine & held->others & bit))
        return;
    if (held->shared[MATCH_FACT_SINCE] || any_agree(a, b, MATCH_FACT_SINCE, 0, same_day))
        at[MATCH_SINCE] = 1;
    else if (any_agree(a, b, MATCH_FACT_SINCE, 0, next_day))
        at[MATCH_SINCE_NEXT] = 1;
    else
        at[MATCH_SINCE_OTHER] = 1;
}

void match_pair_facts(const struct match_report *a, const struct match_report *b,
                      struct match_pair *pair)
{
    struct held held = {0};
    float *at = pair->at;
    if (!a->facts && !b->facts)
        return;
    hold(a, b, &held);
    uint32_t both = held.mine & held.others;
    if (both >> MATCH_FACT_DISTRICT & 1)
        districts(a, b, &held, pair);
    addresses(&held, pair);
    pair->year_conflict = titles_exclude(&held, MATCH_FACT_YEAR);
    pair->number_conflict = exclude(&held, MATCH_FACT_BUILDING) ||
                            exclude(&held, MATCH_FACT_HOUSE) ||
                            titles_exclude(&held, MATCH_FACT_ROUTE);
    spots(&held, pair->number_conflict, at);
    unsigned numbers = held.shared[MATCH_FACT_NUMBER];
    at[MATCH_PLACE_NUMBER] = held.shared[MATCH_FACT_BUILDING] || held.shared[MATCH_FACT_HOUSE] ||
                             held.shared[MATCH_FACT_ROUTE];
    at[MATCH_NUMBERS_SHARED] = (float)(numbers < SHARED_MAX ? numbers : SHARED_MAX);
    at[MATCH_NUMBERS_OTHER] = exclude(&held, MATCH_FACT_NUMBER);
    since(a, b, &held, at);
}
