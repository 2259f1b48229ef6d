// SPDX-License-Identifier: Apache-2.0
// What a search looks at of a report before its blob: a card of one line of the processor's cache,
// and behind it the title's words. From the two an upper bound of a pair's logit is reckoned
// (simindex_bound.c), so whatever is rounded or left out here is so to the side that makes two
// reports more alike.
#ifndef WH_MATCH_SIMINDEX_CARD_H
#define WH_MATCH_SIMINDEX_CARD_H

#include <string.h>

#include "match/corpus.h"
#include "match/facts.h"

#define SIMINDEX_WORDS 3 // 64 bits each: a bit for every bigram
#define SIMINDEX_NAMES 3
#define SIMINDEX_TOPICS 14
#define SIMINDEX_CODE_BITS 12
#define SIMINDEX_NO_CODE UINT16_MAX
#define SIMINDEX_SOME UINT16_MAX // a category that has no number here
// Beside the kinds of facts, as bits of the same field: there are more than a card holds; the body
// says nothing beside the title.
#define SIMINDEX_MANY_NAMES 0x8000u
#define SIMINDEX_MANY_TOPICS 0x4000u
#define SIMINDEX_MANY_DAYS 0x2000u
#define SIMINDEX_BRIEF 0x1000u

// Kinds of facts, as bits: that say where at a place; that conflict; whose values stand on a card.
#define SIMINDEX_SPOTS (1u << MATCH_FACT_BUILDING | 1u << MATCH_FACT_HOUSE | 1u << MATCH_FACT_SPOT)
#define SIMINDEX_NUMBERS \
    (1u << MATCH_FACT_BUILDING | 1u << MATCH_FACT_HOUSE | 1u << MATCH_FACT_ROUTE)
#define SIMINDEX_VALUES (SIMINDEX_SPOTS | SIMINDEX_NUMBERS | 1u << MATCH_FACT_NUMBER)

struct simindex_place { // 1e-7 degrees; both INT32_MAX: not located
    int32_t lat, lon;
};

struct simindex_card {
    struct simindex_place place;
    uint32_t blob;   // in the pool; 0: nobody's card
    uint32_t minute; // since 1970; 0: outside of what can be counted
    uint16_t radius_m;
    uint16_t kinds;         // of facts, and what else is a bit
    uint16_t category;      // itself; 0: unknown
    uint8_t unit, reporter; // hashes; 0: unknown
    uint8_t title_chars;
    uint8_t topic, norm, name;      // weights (features.h), never above the true ones
    uint16_t since;                 // the day, and whether it is about that
    uint16_t names[SIMINDEX_NAMES]; // codes of the bigrams that name a place
    uint32_t values;                // a bit for every value of a fact
    uint64_t words[SIMINDEX_WORDS];
};

struct simindex_topics { // codes of the title's bigrams that are in no name of a place
    uint16_t code[SIMINDEX_TOPICS];
};

void simindex_card_make(const struct match_report *report, struct simindex_card *ret_card,
                        struct simindex_topics *ret_topics);
// Its weights in this epoch; where the next one's are reckoned the smaller of both.
void simindex_card_weigh(const struct match_corpus *corpus, const struct match_report *report,
                         struct simindex_card *card);

static inline uint32_t simindex_code(uint32_t hash)
{
    return hash >> (MATCH_GRAM_BITS - SIMINDEX_CODE_BITS);
}

// Which of the card's 192 bits is a bigram's.
static inline uint32_t simindex_word(uint32_t hash)
{
    return (uint32_t)((uint64_t)(hash * 0x9E3779B1u) * (64 * SIMINDEX_WORDS) >> 32);
}

#define SIMINDEX_DAY_ABOUT 0x8000u

// The bit of a fact's kind and value.
static inline uint32_t simindex_value(uint32_t fact)
{
    return 1u << (MATCH_FACT_VALUE(fact) * 0x9E3779B1u >> 27);
}

static inline uint32_t simindex_minute(int64_t at)
{
    int64_t minute = at / 60000;
    return at > 0 && minute < UINT32_MAX ? (uint32_t)minute : 0;
}

// A float cut to its exponent's last bits and four of its fraction: at most a sixteenth too small.
#define SIMINDEX_FLOAT_SHIFT 19
#define SIMINDEX_FLOAT_FIRST (123u << 4) // 1/16

static inline uint8_t simindex_floor_code(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t cut = bits >> SIMINDEX_FLOAT_SHIFT;
    if (!(value > 0) || cut <= SIMINDEX_FLOAT_FIRST)
        return 0;
    cut -= SIMINDEX_FLOAT_FIRST;
    return cut < UINT8_MAX ? (uint8_t)cut : UINT8_MAX;
}

static inline float simindex_floor_of(uint8_t code)
{
    uint32_t bits = ((uint32_t)code + SIMINDEX_FLOAT_FIRST) << SIMINDEX_FLOAT_SHIFT;
    float value;
    memcpy(&value, &bits, sizeof value);
    return code ? value : 0;
}

#define SIMINDEX_NAME_STEP 0.0625F // of a name's idf

#endif
