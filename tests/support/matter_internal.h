// SPDX-License-Identifier: Apache-2.0
// What the plan of generated matters (matter_gen.c) and their wording (matter_text.c) share.
#ifndef WH_TEST_MATTER_INTERNAL_H
#define WH_TEST_MATTER_INTERNAL_H

#include "support/matter_gen.h"

// splitmix64 (S. Vigna): a stream for every purpose, so that one draw more never moves another.
struct matter_rnd {
    uint64_t s;
};

static inline uint64_t matter_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline struct matter_rnd matter_stream(uint64_t seed, uint64_t what, uint64_t which)
{
    return (struct matter_rnd){matter_mix(matter_mix(seed ^ what << 56) + which + 1)};
}

static inline uint64_t matter_next(struct matter_rnd *r)
{
    r->s += UINT64_C(0x9e3779b97f4a7c15);
    return matter_mix(r->s);
}

static inline uint32_t matter_below(struct matter_rnd *r, uint32_t n)
{
    return (uint32_t)((matter_next(r) >> 32) * n >> 32);
}

static inline double matter_unit(struct matter_rnd *r) // (0, 1)
{
    return ((double)(matter_next(r) >> 11) + 0.5) * 0x1p-53;
}

static inline bool matter_chance(struct matter_rnd *r, double p)
{
    return matter_unit(r) < p;
}

enum matter_purpose { PLACE = 1, FAMILY, EVENT, COPY, WORDING, NAME, RUSH };

struct matter_kind { // a category
    const char *code;
    int weight;
    bool street;
    const char *objects, *states, *effects;
};
extern const struct matter_kind matter_kinds[];
extern const int matter_n_kinds;

struct matter_place {
    float x_m, y_m;
    bool street;
    uint8_t spots; // buildings, or road numbers by the ten
    char name[28], office[22];
};

enum matter_spot { BUILDING, SIDE, HOUSE, CROSSING, LANDMARK };

// Everything the words of one report are made of.
struct matter_facts {
    const struct matter_kind *kind;
    const struct matter_place *place, *crossing;
    enum matter_spot spot;
    int number, gate, floor; // of the spot
    int object, state, effect;
    int count, days;         // how many, for how long
    int64_t since;           // ms UTC
    uint64_t first, wording; // seeds of the first report's and of this one's words
    bool repeat;             // the same person again
    bool brief;              // a title in haste and no more
};

void matter_name(uint64_t seed, uint32_t i, bool street, char *ret_name, size_t n);
void matter_office(uint64_t seed, uint32_t i, char *ret_name, size_t n);
int matter_parts(const char *list, char mark); // how many parts a list of words has
void matter_words(const struct matter_facts *facts, struct matter_report *ret_report);

#endif
