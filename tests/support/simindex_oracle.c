// SPDX-License-Identifier: Apache-2.0
#include "support/simindex_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/corpus.h"

struct held {
    struct match_report *report;
    uint32_t posted[SIMINDEX_POSTED];
    size_t posted_n;
    bool candidate;
};

struct oracle {
    const struct match_model *model;
    struct match_corpus corpus;
    struct match_probe *probe;
    struct held *at; // in the order they came
    size_t n, cap;
};

struct oracle *oracle_new(const struct match_model *model)
{
    struct oracle *o = calloc(1, sizeof *o);
    if (!o || match_corpus_init(&o->corpus, model) != 0)
        abort();
    o->model = model;
    o->probe = match_probe_new();
    return o;
}

void oracle_free(struct oracle *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->at[i].report);
    match_corpus_done(&o->corpus);
    match_probe_free(o->probe);
    free(o->at);
    free(o);
}

struct word {
    uint64_t rank; // twice the document frequency, a name's one less than others'
    uint32_t hash;
    bool title;
};

static int by_rarity(const void *a, const void *b)
{
    const struct word *p = a, *q = b;
    if (p->rank != q->rank)
        return p->rank < q->rank ? -1 : 1;
    return p->hash < q->hash ? -1 : 1;
}

static bool stands_under(const struct oracle *o, uint32_t hash)
{
    for (size_t i = 0; i < o->n; i++)
        for (size_t k = 0; k < o->at[i].posted_n; k++)
            if (o->at[i].posted[k] == hash)
                return true;
    return false;
}

// The rarest of the title, then the rarest of all that are left. search: only those under which a
// report stands.
static size_t choose(const struct oracle *o, const struct match_report *r, bool search,
                     struct word *ret)
{
    struct word all[MATCH_REPORT_MAX];
    size_t n = 0, chosen = 0;
    for (size_t i = 0; i < r->grams && i < 255; i++) {
        struct match_gram g = match_gram_at(match_gram_bytes(r), i);
        uint64_t rank = 2 * (uint64_t)o->corpus.df[g.hash] + !g.name;
        if (!search || stands_under(o, g.hash))
            all[n++] = (struct word){rank, g.hash, g.title};
    }
    qsort(all, n, sizeof *all, by_rarity);
    for (size_t i = 0; i < n && chosen < SIMINDEX_TITLE; i++)
        if (all[i].title)
            ret[chosen++] = all[i];
    size_t titles = chosen;
    for (size_t i = 0; i < n && chosen < SIMINDEX_POSTED; i++) {
        bool taken = false;
        for (size_t k = 0; k < titles; k++)
            taken |= ret[k].hash == all[i].hash;
        if (!taken)
            ret[chosen++] = all[i];
    }
    return chosen;
}

void oracle_add(struct oracle *o, const struct match_report *report)
{
    struct word words[SIMINDEX_POSTED];
    struct held held = {.report = malloc(report->size)};
    if (o->n == o->cap) {
        o->cap = o->cap * 2 + 64;
        o->at = realloc(o->at, o->cap * sizeof *o->at);
    }
    if (!held.report || !o->at)
        abort();
    memcpy(held.report, report, report->size);
    held.posted_n = choose(o, report, false, words);
    for (size_t i = 0; i < held.posted_n; i++)
        held.posted[i] = words[i].hash;
    o->at[o->n++] = held;
    match_corpus_add(&o->corpus, report);
}

static struct held *find(const struct oracle *o, int64_t id)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->at[i].report->id == id)
            return &o->at[i];
    return NULL;
}

bool oracle_has(const struct oracle *o, int64_t id)
{
    return find(o, id) != NULL;
}

size_t oracle_count(const struct oracle *o)
{
    return o->n;
}

bool oracle_remove(struct oracle *o, int64_t id)
{
    struct held *held = find(o, id);
    if (!held)
        return false;
    match_corpus_remove(&o->corpus, held->report);
    free(held->report);
    size_t i = (size_t)(held - o->at);
    memmove(held, held + 1, (o->n - i - 1) * sizeof *held);
    o->n--;
    return true;
}

// ---- candidates ---------------------------------------------------------------------------------

static bool neighbour(const struct match_report *a, const struct match_report *b)
{
    if (!(a->flags & b->flags & MATCH_LOCATED))
        return false;
    double metres = a->radius_m < SIMINDEX_REACH_M ? SIMINDEX_REACH_M
                    : a->radius_m > SIMINDEX_FAR_M ? SIMINDEX_FAR_M
                                                   : a->radius_m;
    double cosine = cos(a->lat * 1.7453292519943295e-9), reach = metres / 0.0111195;
    double wide = reach / (cosine < 0.05 ? 0.05 : cosine), turn = 3600000000.0;
    double y = ((double)b->lat - a->lat) / reach, east = (double)b->lon - a->lon;
    double x = (east > turn / 2 ? east - turn : east < -turn / 2 ? east + turn : east) / wide;
    return y * y + x * x <= 1;
}

static void mark_words(struct oracle *o, const struct match_report *report)
{
    struct word words[SIMINDEX_POSTED];
    size_t n = choose(o, report, true, words), walked = 0;
    qsort(words, n, sizeof *words, by_rarity);
    for (size_t w = 0; w < n && walked < SIMINDEX_WALKS; w++) {
        size_t list = 0;
        for (size_t i = o->n; i-- > 0 && list < SIMINDEX_WALK;)
            for (size_t k = 0; k < o->at[i].posted_n; k++)
                if (o->at[i].posted[k] == words[w].hash) {
                    o->at[i].candidate = true;
                    list++;
                }
        walked += list;
    }
}

static void mark_person(struct oracle *o, const struct match_report *report)
{
    size_t n = 0;
    for (size_t i = o->n; i-- > 0 && report->reporter && n < SIMINDEX_PERSON;)
        if (o->at[i].report->reporter == report->reporter) {
            o->at[i].candidate = true;
            n++;
        }
}

static int by_likeness(const void *a, const void *b)
{
    const struct simindex_hit *p = a, *q = b;
    bool veto_p = p->score.rule != MATCH_RULE_SCORE, veto_q = q->score.rule != MATCH_RULE_SCORE;
    if (veto_p != veto_q)
        return veto_p ? 1 : -1;
    if (p->score.likeness != q->score.likeness)
        return p->score.likeness > q->score.likeness ? -1 : 1;
    if (p->score.logit != q->score.logit)
        return p->score.logit > q->score.logit ? -1 : 1;
    return p->id < q->id ? -1 : p->id > q->id;
}

size_t oracle_find(struct oracle *o, const struct match_report *report, double least,
                   struct simindex_hit *ret_hits, size_t max)
{
    struct simindex_hit *hits = calloc(o->n + 1, sizeof *hits);
    size_t n = 0;
    if (!hits)
        abort();
    for (size_t i = 0; i < o->n; i++)
        o->at[i].candidate = neighbour(report, o->at[i].report);
    mark_words(o, report);
    mark_person(o, report);
    for (size_t i = 0; i < o->n; i++) {
        if (!o->at[i].candidate || o->at[i].report->id == report->id)
            continue;
        hits[n].id = o->at[i].report->id;
        match_score(o->probe, o->model, &o->corpus, report, o->at[i].report, &hits[n].score);
        n += hits[n].score.likeness >= least && hits[n].score.rule != MATCH_RULE_FAR;
    }
    qsort(hits, n, sizeof *hits, by_likeness);
    n = n < max ? n : max;
    memcpy(ret_hits, hits, n * sizeof *hits);
    free(hits);
    return n;
}
