// SPDX-License-Identifier: Apache-2.0
// Makes a report's blob: the keys of its texts without courtesies, their bigrams hashed and sorted
// into one list, the facts, the place. A text longer than the bounds counts with its beginning.
#include "match/report.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/geo.h"
#include "match/facts.h"
#include "match/normalise.h"
#include "match/report_internal.h"

#define CHARS (MATCH_TITLE_CHARS + MATCH_ADDRESS_CHARS + MATCH_BODY_CHARS)
#define BUCKETS 1024 // two rounds of counting sort by 10 bits of the hash each
#define TEXT_FACTS (MATCH_FACTS_MAX - MATCH_ADDRESS_GRAMS)

static_assert(sizeof(struct match_report) == 56, "the head of a blob");
static_assert(sizeof(struct match_report) + 4 * MATCH_FACTS_MAX + CHARS * MATCH_GRAM_BYTES + 8 <=
                  MATCH_REPORT_MAX,
              "the largest report fits");

struct match_maker {
    _Alignas(8) uint8_t blob[MATCH_REPORT_MAX];
    uint32_t key[CHARS + MATCH_BODY_CHARS]; // the text at hand
    uint32_t grams[CHARS], sorted[CHARS];   // hash << 3 | in the title << 2 | name << 1 | place
    size_t n;
    uint16_t counts[BUCKETS];
    uint32_t facts[MATCH_FACTS_MAX];
    size_t facts_n;
};

struct match_maker *match_maker_new(void)
{
    return malloc(sizeof(struct match_maker));
}

void match_maker_free(struct match_maker *maker)
{
    free(maker);
}

// ---- texts --------------------------------------------------------------------------------------

// Puts the key's bigrams into the list; none goes over a space, a character between two spaces
// counts by itself.
static void take_grams(struct match_maker *maker, const uint32_t *key, size_t n, bool title)
{
    size_t place = 0; // where the name at hand ends
    for (size_t i = 0; i < n && maker->n < CHARS; i++) {
        if (key[i] == MATCH_SPACE)
            continue;
        size_t name = match_place_name(key, n, i);
        place = i + name > place ? i + name : place;
        bool first = i == 0 || key[i - 1] == MATCH_SPACE;
        bool last = i + 1 == n || key[i + 1] == MATCH_SPACE;
        if (last && !first)
            continue;
        uint32_t hash = match_gram_hash(key[i], last ? 0 : key[i + 1]);
        maker->grams[maker->n++] =
            hash << 3 | (uint32_t)title << 2 | (uint32_t)(name > 0) << 1 | (i + 1 < place);
    }
}

static void take_facts(struct match_maker *maker, const uint32_t *key, size_t n, int64_t at,
                       bool title)
{
    struct match_fact facts[TEXT_FACTS];
    size_t found = match_facts(key, n, at, facts, TEXT_FACTS);
    for (size_t i = 0; i < found; i++) {
        uint32_t fact = (uint32_t)facts[i].kind << 28 | facts[i].value;
        bool known = false;
        for (size_t k = 0; k < maker->facts_n && !known; k++)
            known = MATCH_FACT_VALUE(maker->facts[k]) == fact;
        if (!known && maker->facts_n < MATCH_FACTS_MAX)
            maker->facts[maker->facts_n++] = fact | (title ? MATCH_FACT_TITLE : 0);
    }
}

// What the address is called, without its numbers: its first bigrams. Two reports without a point
// on the map whose addresses share too little are not joined by themselves.
static void take_address(struct match_maker *maker, const char *text)
{
    const uint32_t *key = maker->key;
    size_t n = match_normalise(text, strlen(text), maker->key, MATCH_ADDRESS_CHARS);
    size_t first = maker->facts_n;
    for (size_t i = 0; i + 1 < n && maker->facts_n < first + MATCH_ADDRESS_GRAMS; i++) {
        bool known = false;
        if (key[i + 1] >= '0' && key[i + 1] <= '9')
            return;
        if (key[i] == MATCH_SPACE || key[i + 1] == MATCH_SPACE)
            continue;
        uint32_t fact = (uint32_t)MATCH_FACT_ADDRESS << 28 | match_gram_hash(key[i], key[i + 1]);
        for (size_t k = first; k < maker->facts_n && !known; k++)
            known = maker->facts[k] == fact;
        if (!known && maker->facts_n < MATCH_FACTS_MAX)
            maker->facts[maker->facts_n++] = fact;
    }
}

// Ascending by kind and value.
static void sort_facts(struct match_maker *maker)
{
    for (size_t i = 1; i < maker->facts_n; i++) {
        uint32_t fact = maker->facts[i];
        size_t k = i;
        for (; k > 0 && MATCH_FACT_VALUE(maker->facts[k - 1]) > MATCH_FACT_VALUE(fact); k--)
            maker->facts[k] = maker->facts[k - 1];
        maker->facts[k] = fact;
    }
}

// Characters of the text that count; 0 for NULL.
static size_t take_text(struct match_maker *maker, const char *text, int64_t at, size_t room,
                        bool title)
{
    size_t n = match_normalise(text ? text : "", text ? strlen(text) : 0, maker->key, room);
    if (n == 0)
        return 0;
    size_t from = match_courtesy(maker->key, n);
    take_facts(maker, maker->key, n, at, title);
    take_grams(maker, maker->key + from, n - from, title);
    return n - from;
}

// ---- the list of grams --------------------------------------------------------------------------

static void sort_by(struct match_maker *maker, const uint32_t *from, uint32_t *to, unsigned shift)
{
    memset(maker->counts, 0, sizeof maker->counts);
    for (size_t i = 0; i < maker->n; i++)
        maker->counts[from[i] >> shift & (BUCKETS - 1)]++;
    uint16_t sum = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        uint16_t count = maker->counts[b];
        maker->counts[b] = sum;
        sum = (uint16_t)(sum + count);
    }
    for (size_t i = 0; i < maker->n; i++)
        to[maker->counts[from[i] >> shift & (BUCKETS - 1)]++] = from[i];
}

static void put_gram(uint8_t *at, const struct match_gram *gram)
{
    uint32_t raw = gram->hash << 4 | (uint32_t)gram->title << 3 | (uint32_t)gram->body << 2 |
                   (uint32_t)gram->name << 1 | gram->place;
    at[0] = (uint8_t)(raw >> 16);
    at[1] = (uint8_t)(raw >> 8);
    at[2] = (uint8_t)raw;
}

// Sorted, each once with what it is anywhere. Returns how many.
static size_t put_grams(struct match_maker *maker, uint8_t *to)
{
    sort_by(maker, maker->grams, maker->sorted, 3);
    sort_by(maker, maker->sorted, maker->grams, 13);
    size_t put = 0;
    for (size_t i = 0; i < maker->n;) {
        struct match_gram gram = {.hash = maker->grams[i] >> 3};
        for (; i < maker->n && maker->grams[i] >> 3 == gram.hash; i++) {
            uint32_t raw = maker->grams[i];
            gram.title |= raw >> 2 & 1;
            gram.body |= !(raw >> 2 & 1);
            gram.name |= raw >> 1 & 1;
            gram.place |= raw & 1;
        }
        put_gram(to + put++ * MATCH_GRAM_BYTES, &gram);
    }
    return put;
}

// ---- the rest -----------------------------------------------------------------------------------

static void put_place(struct match_report *report, const struct match_input *in)
{
    if (!in->located || !wh_geo_valid(in->lat, in->lon) || (in->lat == 0 && in->lon == 0))
        return;
    report->flags |= MATCH_LOCATED;
    report->lat = (int32_t)lround(in->lat * 1e7);
    report->lon = (int32_t)lround(in->lon * 1e7);
}

static uint16_t bounded(int32_t value)
{
    return value < 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static void put_head(struct match_report *report, const struct match_input *in)
{
    memset(report, 0, sizeof *report);
    report->layout = MATCH_LAYOUT;
    report->id = in->id;
    report->at = in->at;
    report->reporter = in->reporter;
    report->category = in->category;
    report->unit = in->unit;
    report->radius_m = bounded(in->radius_m);
    report->window_h = bounded(in->window_h);
    put_place(report, in);
}

int match_report_make(struct match_maker *maker, const struct match_input *in,
                      const struct match_report **ret_report)
{
    struct match_report *report = (struct match_report *)(void *)maker->blob;
    maker->n = maker->facts_n = 0;
    put_head(report, in);
    report->title_chars = (uint16_t)take_text(maker, in->title, in->at, MATCH_TITLE_CHARS, true);
    (void)take_text(maker, in->address, in->at, MATCH_ADDRESS_CHARS, false);
    take_address(maker, in->address ? in->address : "");
    report->body_chars = (uint16_t)take_text(maker, in->text, in->at, MATCH_BODY_CHARS, false);
    sort_facts(maker);
    report->facts = (uint8_t)maker->facts_n;
    memcpy(report->data, maker->facts, maker->facts_n * sizeof *maker->facts);
    uint8_t *bytes = (uint8_t *)(report->data + report->facts);
    report->grams = (uint16_t)put_grams(maker, bytes);
    uint8_t *end = bytes + (size_t)report->grams * MATCH_GRAM_BYTES;
    while ((size_t)(end - maker->blob) % 8 != 0)
        *end++ = 0;
    report->size = (uint16_t)(end - maker->blob);
    *ret_report = report;
    return 0;
}

size_t match_report_size(const struct match_report *report)
{
    return report->size;
}

int64_t match_report_id(const struct match_report *report)
{
    return report->id;
}

int64_t match_report_at(const struct match_report *report)
{
    return report->at;
}

static bool ascending(const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 1; i < report->grams; i++)
        if (match_gram_raw(bytes, i) >> 4 <= match_gram_raw(bytes, i - 1) >> 4)
            return false;
    return true;
}

bool match_report_valid(const void *data, size_t n)
{
    const struct match_report *report = data;
    if (n < sizeof *report || n > MATCH_REPORT_MAX || (uintptr_t)data % 8 != 0 ||
        report->layout != MATCH_LAYOUT || report->size != n)
        return false;
    size_t whole = sizeof *report + report->facts * sizeof *report->data +
                   (size_t)report->grams * MATCH_GRAM_BYTES;
    return report->facts <= MATCH_FACTS_MAX && (whole + 7) / 8 * 8 == n && ascending(report);
}
