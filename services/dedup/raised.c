// SPDX-License-Identifier: Apache-2.0
// Reads facts. Words of danger are looked for in the text's key (match/normalise.h) without its
// spaces, so that invisible characters, punctuation or traditional characters between or in them
// hide none.
#include "dedup/raised.h"

#include <string.h>

#include "base/id.h"
#include "match/normalise.h"

#define KEY_MAX 12000 // code points: more than any text that passes a door
#define WORD_MAX 64

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const char *p = text; *p != 0; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); // where one text ends
}

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static size_t key_of(const char *text, uint32_t *ret_key, size_t room)
{
    size_t n = match_normalise(text, strlen(text), ret_key, room), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (ret_key[i] != MATCH_SPACE)
            ret_key[kept++] = ret_key[i];
    return kept;
}

static bool holds(const uint32_t *key, size_t n, const uint32_t *word, size_t word_n)
{
    for (size_t i = 0; word_n > 0 && i + word_n <= n; i++)
        if (memcmp(key + i, word, word_n * sizeof *word) == 0)
            return true;
    return false;
}

void raised_danger_word(const char *word, struct danger *danger)
{
    uint64_t hash = hash_text(HASH_BEGIN, word);
    for (size_t i = 0; i < danger->n; i++)
        if (danger->hashes[i] == hash)
            return;
    if (danger->n == MATTER_DANGER_MAX)
        return;
    danger->words[danger->n] = word;
    danger->hashes[danger->n++] = hash;
}

void raised_danger(const struct wh_district *district, const char *text, struct danger *danger)
{
    const Whistle__V1__District *data = wh_district_data(district);
    uint32_t key[KEY_MAX], word[WORD_MAX];
    if (text == NULL || *text == 0 || data->n_danger_words == 0)
        return;
    size_t n = key_of(text, key, KEY_MAX);
    for (size_t i = 0; i < data->n_danger_words; i++) {
        size_t word_n = key_of(data->danger_words[i], word, WORD_MAX);
        if (holds(key, n, word, word_n) || strstr(text, data->danger_words[i]) != NULL)
            raised_danger_word(data->danger_words[i], danger);
    }
}

// What it asks for beside its text: called bodies, tags, people and things. 0: nothing.
static int64_t asks_of(const Whistle__V1__WhistleFacts *facts)
{
    uint64_t sum = 0; // the order says nothing
    for (size_t i = 0; i < facts->n_tags; i++)
        sum += hash_text(HASH_BEGIN ^ 1, facts->tags[i]);
    for (size_t i = 0; i < facts->n_to; i++)
        sum += hash_text(HASH_BEGIN ^ 2, facts->to[i]);
    for (size_t i = 0; i < facts->n_needs; i++) {
        const Whistle__V1__Need *need = facts->needs[i];
        uint64_t hash = hash_text(hash_text(HASH_BEGIN ^ 3, need->skill), need->item);
        sum += hash * (uint64_t)(need->count + 1) + (uint64_t)need->kind;
    }
    return (int64_t)sum;
}

static void read_place(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                       struct match_input *input)
{
    const Whistle__V1__Place *place = facts->place;
    input->unit = wh_district_id(district, facts->unit);
    if (place == NULL)
        return;
    int32_t unit = wh_district_id(district, place->unit);
    input->unit = unit != 0 ? unit : input->unit;
    input->address = place->address;
    input->located = place->lat_is_case == WHISTLE__V1__PLACE__LAT_IS_LAT &&
                     place->lon_is_case == WHISTLE__V1__PLACE__LON_IS_LON;
    if (input->located) {
        input->lat = place->lat;
        input->lon = place->lon;
    }
}

static void read_input(const struct wh_district *district, int64_t id,
                       const Whistle__V1__WhistleFacts *facts, struct match_input *input)
{
    const struct wh_category *category = wh_district_category(district, facts->category);
    *input = (struct match_input){
        .id = id, .at = facts->submitted_at, .title = facts->title, .text = facts->text};
    // A category's place in the list is another one in the next version: its code is not.
    if (*facts->category != 0)
        input->category = (int32_t)(hash_text(HASH_BEGIN, facts->category) & INT32_MAX) | 1;
    if (category != NULL) {
        input->radius_m = category->row->dedup_radius_m;
        input->window_h = category->row->dedup_window_h;
    }
    if (facts->reporter_hash.len >= sizeof input->reporter)
        memcpy(&input->reporter, facts->reporter_hash.data, sizeof input->reporter);
    read_place(district, facts, input);
}

// Another district's number is none.
static int64_t said_to_be(const struct wh_district *district, const char *number)
{
    char prefix[WH_PREFIX_MAX + 1];
    int64_t id = 0;
    if (wh_number_parse(number, prefix, &id) != 0 ||
        strcmp(prefix, wh_district_prefix(district)) != 0)
        return 0;
    return id;
}

static void read_danger(const struct wh_district *district, const Whistle__V1__WhistleFacts *facts,
                        struct danger *danger)
{
    raised_danger(district, facts->title, danger);
    raised_danger(district, facts->text, danger);
    for (size_t i = 0; i < facts->n_answers; i++)
        raised_danger(district, facts->answers[i]->value, danger);
}

void raised_read(const struct wh_district *district, int64_t id,
                 const Whistle__V1__WhistleFacts *facts, struct raised *ret_raised)
{
    *ret_raised = (struct raised){0};
    ret_raised->standing = (struct standing){.id = id,
                                             .at = facts->submitted_at,
                                             .asks = asks_of(facts),
                                             .unit = wh_district_id(district, facts->unit),
                                             .street = wh_district_id(district, facts->street),
                                             .priority = (uint8_t)facts->priority,
                                             .flags = facts->drill ? REPORT_DRILL : 0};
    read_danger(district, facts, &ret_raised->danger);
    if (ret_raised->danger.n > 0)
        ret_raised->standing.flags |= REPORT_DANGER;
    read_input(district, id, facts, &ret_raised->input);
    ret_raised->same_as = said_to_be(district, facts->same_as);
}

void raised_supplement(const struct wh_district *district,
                       const Whistle__V1__WhistleSupplemented *more, struct danger *ret_danger)
{
    *ret_danger = (struct danger){0};
    raised_danger(district, more->text, ret_danger);
    for (size_t i = 0; i < more->n_answers; i++)
        raised_danger(district, more->answers[i]->value, ret_danger);
}
