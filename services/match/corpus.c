// SPDX-License-Identifier: Apache-2.0
// Counts of reports a hashed bigram stands in; they begin with the model's background.
#include "match/corpus.h"

#include <stdlib.h>

#include "match/model.h"

int match_corpus_init(struct match_corpus *corpus, const struct match_model *model)
{
    *corpus = (struct match_corpus){0, calloc(MATCH_GRAMS, sizeof *corpus->df)};
    if (!corpus->df)
        return WH_E_NOMEM;
    corpus->n = model->background;
    for (size_t i = 0; i < model->common_n; i++)
        corpus->df[model->common[i].hash] = model->common[i].count;
    return 0;
}

void match_corpus_done(struct match_corpus *corpus)
{
    free(corpus->df);
    *corpus = (struct match_corpus){0};
}

void match_corpus_add(struct match_corpus *corpus, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++)
        corpus->df[match_gram_raw(bytes, i) >> 4]++;
    corpus->n++;
}

void match_corpus_remove(struct match_corpus *corpus, const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < report->grams; i++)
        corpus->df[match_gram_raw(bytes, i) >> 4]--;
    corpus->n--;
}
