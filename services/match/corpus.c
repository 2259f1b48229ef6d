// SPDX-License-Identifier: Apache-2.0
// Counts of reports a hashed bigram stands in; they begin with the model's background.
#include "match/corpus.h"

#include <math.h>
#include <stdlib.h>

#include "match/model.h"

#define SMALL 1024u      // counts whose logarithm is taken once
#define EPOCH_CHANGES 64 // at least so many
#define EPOCH_SHARE 8

int match_corpus_init(struct match_corpus *corpus, const struct match_model *model)
{
    *corpus = (struct match_corpus){.df = calloc(MATCH_GRAMS, sizeof *corpus->df),
                                    .idf = calloc(MATCH_GRAMS, sizeof *corpus->idf)};
    if (!corpus->df || !corpus->idf) {
        match_corpus_done(corpus);
        return WH_E_NOMEM;
    }
    corpus->n = model->background;
    for (size_t i = 0; i < model->common_n; i++)
        corpus->df[model->common[i].hash] = model->common[i].count;
    match_corpus_reckon(corpus);
    return 0;
}

void match_corpus_done(struct match_corpus *corpus)
{
    free(corpus->df);
    free(corpus->idf);
    *corpus = (struct match_corpus){0};
}

void match_corpus_reckon(struct match_corpus *corpus)
{
    float small[SMALL], all = logf((float)corpus->n + 1);
    for (size_t i = 0; i < SMALL; i++)
        small[i] = fmaxf(all - logf((float)i + 1), 0);
    for (size_t i = 0; i < MATCH_GRAMS; i++) {
        uint32_t df = corpus->df[i];
        corpus->idf[i] = df < SMALL ? small[df] : fmaxf(all - logf((float)df + 1), 0);
    }
    corpus->changes = 0;
    corpus->epoch++;
}

static void change(struct match_corpus *corpus)
{
    if (++corpus->changes > EPOCH_CHANGES + corpus->n / EPOCH_SHARE)
        match_corpus_reckon(corpus);
}

void match_corpus_add(struct match_corpus *corpus, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++)
        corpus->df[match_gram_raw(bytes, i) >> 4]++;
    corpus->n++;
    change(corpus);
}

void match_corpus_remove(struct match_corpus *corpus, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++)
        corpus->df[match_gram_raw(bytes, i) >> 4]--;
    corpus->n--;
    change(corpus);
}
