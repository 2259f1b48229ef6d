// SPDX-License-Identifier: Apache-2.0
// Counts of reports a hashed bigram stands in; they begin with the model's background.
#include "match/corpus.h"

#include <math.h>

#include "match/memory.h"
#include "match/model.h"

#define SMALL 1024u   // counts whose logarithm is taken once
#define EPOCH_HALF 32 // at least so many changes until the next epoch is reckoned, and until it
#define EPOCH_SHARE 8 // begins; of the reports

int match_corpus_init(struct match_corpus *corpus, const struct match_model *model)
{
    *corpus = (struct match_corpus){.df = match_memory(MATCH_GRAMS * sizeof *corpus->df),
                                    .idf = match_memory(MATCH_GRAMS * sizeof *corpus->idf)};
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
    match_memory_free(corpus->df, MATCH_GRAMS * sizeof *corpus->df);
    match_memory_free(corpus->idf, MATCH_GRAMS * sizeof *corpus->idf);
    *corpus = (struct match_corpus){0};
}

size_t match_corpus_bytes(void)
{
    return MATCH_GRAMS * (sizeof(uint32_t) + sizeof(struct match_idf));
}

// By the counts of this moment.
static void reckon_next(struct match_corpus *corpus)
{
    float small[SMALL], all = logf((float)corpus->n + 1);
    for (size_t i = 0; i < SMALL; i++)
        small[i] = fmaxf(all - logf((float)i + 1), 0);
    for (size_t i = 0; i < MATCH_GRAMS; i++) {
        uint32_t df = corpus->df[i];
        corpus->idf[i].next = df < SMALL ? small[df] : fmaxf(all - logf((float)df + 1), 0);
    }
}

static void begin_next(struct match_corpus *corpus)
{
    for (size_t i = 0; i < MATCH_GRAMS; i++)
        corpus->idf[i].now = corpus->idf[i].next;
    corpus->changes = corpus->due = 0;
    corpus->epoch++;
}

void match_corpus_reckon(struct match_corpus *corpus)
{
    reckon_next(corpus);
    begin_next(corpus);
}

static void change(struct match_corpus *corpus)
{
    uint32_t half = EPOCH_HALF + corpus->n / EPOCH_SHARE;
    corpus->changes++;
    if (corpus->due == 0 && corpus->changes > half) {
        reckon_next(corpus);
        corpus->due = corpus->changes + half;
    } else if (corpus->due != 0 && corpus->changes >= corpus->due) {
        begin_next(corpus);
    }
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
