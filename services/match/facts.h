// SPDX-License-Identifier: Apache-2.0
// What a text says exactly: the numbers of buildings, houses, units, routes, years and the codes of
// districts, in Arabic or Chinese numerals. Two reports that say different ones are rarely the same
// matter, however alike their words are. Reads keys (normalise.h), decides nothing.
#ifndef WH_MATCH_FACTS_H
#define WH_MATCH_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum match_fact_kind {
    MATCH_FACT_DISTRICT, // a7县, b市: codes of masked administrative names
    MATCH_FACT_BUILDING, // 3号楼, 三栋, 2座
    MATCH_FACT_HOUSE,    // 18号, 5号院
    MATCH_FACT_UNIT,     // 1单元
    MATCH_FACT_ROUTE,    // 12路公交, 2号线
    MATCH_FACT_YEAR,     // 2019年
    MATCH_FACT_NUMBER, // any other: 25处, 二十五户; two digits and more, letters joined to digits
    MATCH_FACT_SINCE, // a day: 9月21日; 持续了5天 (so many before the report: | MATCH_DAY_ABOUT)
    MATCH_FACT_ADDRESS, // a bigram of what the address is called, before its first number: its hash
    MATCH_FACT_SPOT,    // 东门, 学校门口, 与友谊路路口
    MATCH_FACT_KINDS,
};

#define MATCH_DAY_ABOUT (1u << 20) // a day that is reckoned, and may be the one before

// Of a district's code: its letters times this, and its number + 1 (0: none, as in b市).
#define MATCH_DISTRICTS 4096

// value: the number itself where it is below 2^24, else a hash of what stands there.
struct match_fact {
    enum match_fact_kind kind;
    uint32_t value; // below 2^25
};

// At most `room` different facts in the order of the text. at: when it was reported, ms UTC; a day
// is counted from 1970-01-01. Returns how many.
size_t match_facts(const uint32_t *key, size_t n, int64_t at, struct match_fact *ret_facts,
                   size_t room);

// The day of a time (ms UTC), counted from 1970-01-01, by the clock of those who report.
int64_t match_day(int64_t at);

// Where at a place, said at key[at] without a number: how many characters that takes, 0 if nothing
// is; ret_n values of at most two (a crossing by the other road, and by both).
size_t match_spot(const uint32_t *key, size_t n, size_t at, uint32_t ret_spots[2], size_t *ret_n);

#endif
