// SPDX-License-Identifier: Apache-2.0
// The layout of a report's blob, for the room match alone: a head of 56 bytes, the facts (ascending
// by kind and value), then the hashed bigrams of title and body in one ascending list of three
// bytes each. Reports are stored as these bytes: another layout is another MATCH_LAYOUT.
#ifndef WH_MATCH_REPORT_INTERNAL_H
#define WH_MATCH_REPORT_INTERNAL_H

#include "match/report.h"

#define MATCH_LAYOUT 0x5705u
#define MATCH_GRAM_BITS 20
#define MATCH_GRAMS (1u << MATCH_GRAM_BITS) // different hashed bigrams
#define MATCH_GRAM_BYTES 3
#define MATCH_TITLE_CHARS 128
#define MATCH_ADDRESS_CHARS 64
#define MATCH_BODY_CHARS 1050
#define MATCH_FACTS_MAX 44
#define MATCH_ADDRESS_GRAMS 12 // of them

#define MATCH_BRIEF_CHARS 10 // a body of fewer says nothing beside the title

enum match_flag {
    MATCH_LOCATED = 1,
};

// Little-endian as the machine is; 8-byte aligned where it is read.
struct match_report {
    uint16_t layout;
    uint16_t size; // of the whole blob, a multiple of 8
    uint16_t grams;
    uint8_t facts;
    uint8_t flags;
    int64_t id;
    int64_t at;
    uint64_t reporter;
    int32_t lat, lon; // 1e-7 degrees; 0 where not located
    int32_t category, unit;
    uint16_t radius_m, window_h; // 0: the model's defaults
    uint16_t title_chars, body_chars;
    uint32_t data[]; // facts, then the bytes of the grams
};

// A gram: its hash; is it in the title, in body or address; is it what a place is called by, or
// another part of a place's name (normalise.h).
struct match_gram {
    uint32_t hash;
    uint8_t title, body, name, place;
};

static inline const uint8_t *match_gram_bytes(const struct match_report *report)
{
    return (const uint8_t *)(report->data + report->facts);
}

// hash << 4 | title << 3 | body << 2 | name << 1 | place
static inline uint32_t match_gram_raw(const uint8_t *bytes, size_t i)
{
    const uint8_t *at = bytes + i * MATCH_GRAM_BYTES;
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static inline struct match_gram match_gram_at(const uint8_t *bytes, size_t i)
{
    uint32_t raw = match_gram_raw(bytes, i);
    return (struct match_gram){raw >> 4, raw >> 3 & 1, raw >> 2 & 1, raw >> 1 & 1, raw & 1};
}

// A fact: kind << 28 | in the title << 27 | value (25 bits).
#define MATCH_FACT_TITLE (1u << 27)
#define MATCH_FACT_KIND(fact) ((fact) >> 28)
#define MATCH_FACT_VALUE(fact) ((fact)&0xF1FFFFFFu) // kind and value, wherever it stood
#define MATCH_FACT_BARE(fact) ((fact)&0x01FFFFFFu)  // the value alone

// The hash of two code points that follow each other; of one that stands alone with 0.
static inline uint32_t match_gram_hash(uint32_t first, uint32_t second)
{
    uint64_t both = (uint64_t)first << 21 | second;
    return (uint32_t)(both * UINT64_C(0x9E3779B97F4A7C15) >> (64 - MATCH_GRAM_BITS));
}

#endif
