// SPDX-License-Identifier: Apache-2.0
// Messages from decisions.
#include "dedup/say.h"

#include <string.h>

#include "base/id.h"

char *say_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

void *say_list(struct say *say, size_t n)
{
    void *list = wh_arena_calloc(say->arena, n + 1, sizeof(void *));
    say->failed = say->failed || list == NULL;
    return list;
}

char *say_copy(struct say *say, const char *text)
{
    char *copy = wh_arena_strdup(say->arena, text);
    say->failed = say->failed || copy == NULL;
    return copy;
}

char *say_number(struct say *say, int64_t id)
{
    char number[WH_NUMBER_MAX] = "";
    if (id != 0)
        (void)wh_number_format(say->prefix, id, number);
    return say_copy(say, number);
}

static Whistle__V1__Band band_of(enum match_band band)
{
    switch (band) {
    case MATCH_SAME:
        return WHISTLE__V1__BAND__BAND_SAME;
    case MATCH_PERHAPS:
        return WHISTLE__V1__BAND__BAND_PERHAPS;
    default:
        return WHISTLE__V1__BAND__BAND_NEW;
    }
}

static void say_offer(struct say *say, unsigned offer, Whistle__V1__Likeness *like)
{
    static const struct {
        enum offer bit;
        const char *name;
    } offers[] = {{OFFER_REOPEN, "REOPEN"}, {OFFER_NEW, "NEW"}, {OFFER_RECURRING, "RECURRING"}};
    like->offer = say_list(say, 3);
    for (size_t i = 0; i < 3 && !say->failed; i++)
        if (offer & offers[i].bit)
            like->offer[like->n_offer++] = say_text(offers[i].name);
}

// The words stand one after the other with spaces between.
static void say_shared(struct say *say, const char *words, Whistle__V1__Likeness *like)
{
    char *rest = say_copy(say, words);
    size_t n = 1;
    for (const char *p = words; *p != 0; p++)
        n += *p == ' ';
    like->shared = say_list(say, n);
    while (!say->failed && *rest != 0) {
        char *end = strchr(rest, ' ');
        if (end != NULL)
            *end = 0;
        if (*rest != 0)
            like->shared[like->n_shared++] = rest;
        if (end == NULL)
            return;
        rest = end + 1;
    }
}

Whistle__V1__Likeness *say_likeness(struct say *say, const struct resemblance *like,
                                    const char *words)
{
    Whistle__V1__Likeness *said = wh_arena_alloc(say->arena, sizeof *said);
    if (said == NULL) {
        say->failed = true;
        return NULL;
    }
    whistle__v1__likeness__init(said);
    said->number = say_number(say, like->root);
    said->compared = say_number(say, like->compared);
    said->band = band_of(like->band);
    said->rule = say_text(like->rule);
    // What a veto speaks against is told with the likeness that there is otherwise.
    said->probability =
        like->score.probability > 0 ? like->score.probability : like->score.likeness;
    if (like->score.distance_m >= 0) {
        said->distance_is_case = WHISTLE__V1__LIKENESS__DISTANCE_IS_DISTANCE_M;
        said->distance_m = like->score.distance_m;
    }
    said->minutes = like->score.minutes;
    said->model = match_model_version(say->model);
    said->resolved_at = like->resolved_at;
    say_offer(say, like->offer, said);
    say_shared(say, words, said);
    return said;
}

void say_through(struct say *say, const struct matters *matters, int64_t id, size_t *ret_n,
                 char ***ret_numbers)
{
    int64_t root = matters_root(matters, id);
    size_t n = 0;
    *ret_n = 0;
    for (int64_t at = matters_parent(matters, id); at != 0 && at != root;
         at = matters_parent(matters, at))
        n++;
    *ret_numbers = n == 0 ? NULL : say_list(say, n);
    for (int64_t at = matters_parent(matters, id); *ret_n < n && !say->failed;
         at = matters_parent(matters, at))
        (*ret_numbers)[(*ret_n)++] = say_number(say, at);
}

void say_new_danger(struct say *say, const struct matters *matters, int64_t into,
                    const struct danger *danger, size_t *ret_n, char ***ret_words)
{
    *ret_n = 0;
    *ret_words = danger->n == 0 ? NULL : say_list(say, danger->n);
    for (size_t i = 0; i < danger->n && !say->failed; i++)
        if (!matters_has_danger(matters, into, danger->hashes[i]))
            (*ret_words)[(*ret_n)++] = say_text(danger->words[i]);
}
