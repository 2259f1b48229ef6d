// SPDX-License-Identifier: Apache-2.0
// A report's card, from its blob.
#include "match/simindex_card.h"

#include <assert.h>
#include <math.h>

#include "match/features.h"

static_assert(sizeof(struct simindex_card) == 64, "a card is a line of the cache");
static_assert(MATCH_FACT_KINDS <= 12, "kinds and SIMINDEX_MANY_… in sixteen bits");
static_assert(MATCH_TITLE_CHARS <= UINT8_MAX, "a title's length in eight bits");

static uint8_t hash_of(uint64_t value)
{
    return value ? (uint8_t)(1 + (value * UINT64_C(0x9E3779B97F4A7C15) >> 32) % UINT8_MAX) : 0;
}

static uint16_t category_of(int32_t category)
{
    return category >= 0 && category < SIMINDEX_SOME ? (uint16_t)category : SIMINDEX_SOME;
}

// One day that has room is itself; of others nothing is known but that there are some.
static void put_day(uint32_t value, bool again, struct simindex_card *card)
{
    uint32_t day = value & (MATCH_DAY_ABOUT - 1);
    if (again || day >= SIMINDEX_DAY_ABOUT)
        card->kinds |= SIMINDEX_MANY_DAYS;
    card->since = (uint16_t)(day | (value & MATCH_DAY_ABOUT ? SIMINDEX_DAY_ABOUT : 0));
}

static void put_facts(const struct match_report *report, struct simindex_card *card)
{
    for (size_t i = 0; i < report->facts; i++) {
        uint32_t fact = report->data[i], kind = MATCH_FACT_KIND(fact);
        bool again = card->kinds >> kind & 1;
        card->kinds |= (uint16_t)(1u << kind);
        if (kind == MATCH_FACT_SINCE)
            put_day(MATCH_FACT_BARE(fact), again, card);
        else if (SIMINDEX_VALUES >> kind & 1)
            card->values |= simindex_value(fact);
    }
}

// Into the first free place of n; false: there is none.
static bool put_code(uint16_t *codes, size_t n, size_t *used, uint32_t hash)
{
    if (*used == n)
        return false;
    codes[(*used)++] = (uint16_t)simindex_code(hash);
    return true;
}

static void put_words(const struct match_report *report, struct simindex_card *card,
                      struct simindex_topics *topics)
{
    const uint8_t *bytes = match_gram_bytes(report);
    size_t names = 0, topics_n = 0;
    memset(card->names, 0xff, sizeof card->names);
    memset(topics->code, 0xff, sizeof topics->code);
    for (size_t i = 0; i < report->grams; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        uint32_t word = simindex_word(gram.hash);
        card->words[word / 64] |= UINT64_C(1) << word % 64;
        if (gram.name && !put_code(card->names, SIMINDEX_NAMES, &names, gram.hash))
            card->kinds |= SIMINDEX_MANY_NAMES;
        if (gram.title && !gram.place &&
            !put_code(topics->code, SIMINDEX_TOPICS, &topics_n, gram.hash))
            card->kinds |= SIMINDEX_MANY_TOPICS;
    }
}

void simindex_card_make(const struct match_report *report, struct simindex_card *ret_card,
                        struct simindex_topics *ret_topics)
{
    bool located = report->flags & MATCH_LOCATED;
    *ret_card = (struct simindex_card){
        .place = {located ? report->lat : INT32_MAX, located ? report->lon : INT32_MAX},
        .minute = simindex_minute(report->at),
        .radius_m = report->radius_m,
        .kinds = report->body_chars < MATCH_BRIEF_CHARS ? SIMINDEX_BRIEF : 0,
        .category = category_of(report->category),
        .unit = hash_of((uint32_t)report->unit),
        .reporter = hash_of(report->reporter),
        .title_chars = (uint8_t)report->title_chars,
    };
    put_facts(report, ret_card);
    put_words(report, ret_card, ret_topics);
}

typedef float pair __attribute__((vector_size(8))); // of this epoch, of the next one
typedef int32_t bits __attribute__((vector_size(8)));

// What a bigram counts for by its flags (title, body, name, place): in the norm (match_frequency),
// in the title's weight without names of places, as a name.
#define TWICE 1.6931F
static const float in_norm[16] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, TWICE, TWICE, TWICE, TWICE};
static const float in_topic[16] = {[8] = 1, [10] = 1, [12] = 1, [14] = 1};
static const float as_name[16] = {
    [2] = 1, [3] = 1, [6] = 1, [7] = 1, [10] = 1, [11] = 1, [14] = 1, [15] = 1};

static pair larger(pair a, pair b)
{
    bits first = a > b;
    return (pair)(((bits)a & first) | ((bits)b & ~first));
}

static uint8_t name_code(float idf)
{
    return (uint8_t)fminf(idf / SIMINDEX_NAME_STEP, UINT8_MAX);
}

static uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

void simindex_card_weigh(const struct match_corpus *corpus, const struct match_report *report,
                         struct simindex_card *card)
{
    const uint8_t *bytes = match_gram_bytes(report);
    pair all_2 = {0}, topic = {0}, name = {0};
    for (size_t i = 0; i < report->grams; i++) {
        uint32_t raw = match_gram_raw(bytes, i);
        pair idf, all;
        memcpy(&idf, &corpus->idf[raw >> 4], sizeof idf);
        all = idf * in_norm[raw & 15];
        all_2 += all * all;
        topic += idf * in_topic[raw & 15];
        name = larger(idf * as_name[raw & 15], name);
    }
    size_t next = corpus->due != 0;
    card->topic = least(simindex_floor_code(topic[0]), simindex_floor_code(topic[next]));
    card->norm =
        least(simindex_floor_code(sqrtf(all_2[0])), simindex_floor_code(sqrtf(all_2[next])));
    card->name = least(name_code(name[0]), name_code(name[next]));
}
