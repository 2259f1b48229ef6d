// SPDX-License-Identifier: Apache-2.0
// What bounds are reckoned with: of a model tables of the best that distance and time can be worth
// in a step; of the report to compare sums of its words by four bits of another's card, and by
// codes.
#include <math.h>
#include <string.h>

#include "match/memory.h"
#include "match/simindex_bound_internal.h"

#define RADIANS 1.7453292519943295e-9

// ---- tables of a model --------------------------------------------------------------------------

static float near_best(const float *weight, unsigned step)
{
    float low = (float)step * STEP, high = step == STEPS ? INFINITY : low + STEP;
    float far = weight[MATCH_DISTANCE] == 0
                    ? 0
                    : best(weight[MATCH_DISTANCE], logf(1 + low), logf(1 + high));
    return far + best(weight[MATCH_NEAR], expf(-high), expf(-low)) +
           best(weight[MATCH_CLOSE], expf(-high * high), expf(-low * low));
}

// Minutes of the beginning of a step of time.
static float begin_of(unsigned time)
{
    return time < 4 ? (float)time : ldexpf(1 + (float)(time % 4) / 4, (int)(time / 4) + 1);
}

// Two reports' minutes are cut each: their difference may be one more or less.
static void set_times(struct simindex_bound *bound, enum match_section section)
{
    const float *weight = bound->weight[section];
    float *ago = bound->ago[section], *burst = bound->burst[section];
    float *since = bound->since[section];
    ago[TIMES] = burst[TIMES] = since[TIMES] = -INFINITY;
    for (unsigned i = 0; i < TIMES; i++) {
        float low = fmaxf(begin_of(i) - 1, 0);
        float high = i + 1 == TIMES ? 0x1p60f : begin_of(i + 1) + 1;
        ago[i] = best(weight[MATCH_DAYS], logf(1 + low / 1440), logf(1 + high / 1440)) +
                 best(weight[MATCH_WEEKS], fminf(low / 10080, 8), fminf(high / 10080, 8)) +
                 best(weight[MATCH_SOON], 0, expf(-low / 120));
        burst[i] = best(weight[MATCH_BURST], 0, expf(-low / 120));
        since[i] = best(weight[MATCH_SINCE_DAYS], logf(1 + low / 1440), logf(1 + high / 1440));
        since[TIMES] = fmaxf(since[TIMES], since[i]);
        ago[TIMES] = fmaxf(ago[TIMES], ago[i]);
        burst[TIMES] = fmaxf(burst[TIMES], burst[i]);
    }
}

static void prepare(struct simindex_bound *bound, const struct match_model *model)
{
    static const enum match_feature titles[] = {MATCH_CONTAIN_MIN, MATCH_CONTAIN_MAX,
                                                MATCH_TOPIC_MAX, MATCH_TOPIC_STRANGE};
    for (unsigned s = 0; s < MATCH_SECTIONS; s++) {
        float *weight = bound->weight[s];
        for (size_t i = 0; i < MATCH_FEATURES; i++)
            weight[i] = (float)model->part[s].weight[i];
        bound->words[s] = best_of_two(weight, 1, 1);
        for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
            bound->words[s] += best(weight[titles[i]], 0, 1);
        for (unsigned i = 0; i <= STEPS; i++)
            bound->near[s][i] = near_best(weight, i);
        set_times(bound, s);
    }
    for (unsigned i = 0; i <= STEPS; i++)
        bound->close[i] = expf(-(float)(i * i) * STEP * STEP);
    for (unsigned i = 0; i < CHARS; i++)
        bound->ln[i] = logf(1 + (float)i);
}

struct simindex_bound *simindex_bound_new(const struct match_model *model)
{
    struct simindex_bound *bound = match_memory(sizeof *bound);
    if (bound)
        prepare(bound, model);
    return bound;
}

void simindex_bound_free(struct simindex_bound *bound)
{
    match_memory_free(bound, sizeof *bound);
}

size_t simindex_bound_bytes(void)
{
    return sizeof(struct simindex_bound);
}

// ---- the report ---------------------------------------------------------------------------------

static void put_name(struct simindex_bound *bound, struct name name)
{
    size_t i = bound->names_n;
    if (i == NAMES) {
        i--;
        bound->names_left = fmaxf(bound->names_left, fminf(bound->names[i].idf, name.idf));
        if (bound->names[i].idf >= name.idf)
            return;
    } else {
        bound->names_n++;
    }
    for (; i > 0 && bound->names[i - 1].idf < name.idf; i--)
        bound->names[i] = bound->names[i - 1];
    bound->names[i] = name;
}

static void put_word(struct simindex_bound *bound, uint32_t word, floats sums)
{
    floats *four = bound->four[word / 4];
    for (unsigned bits = 1; bits < 16; bits++)
        if (bits >> word % 4 & 1)
            four[bits] += sums;
}

static void put_gram(struct simindex_bound *bound, const struct match_gram *gram, float idf)
{
    uint32_t code = simindex_code(gram->hash), word = simindex_word(gram->hash);
    float all = match_frequency[2] * match_frequency[gram->title + gram->body] * idf * idf;
    float topic = gram->place ? 0 : idf, title = gram->title ? idf : 0;
    put_word(bound, word, (floats){all, title, gram->title ? topic : 0, topic});
    bound->used[bound->used_n++] = (uint16_t)code;
    bound->topic[code] += topic;
    bound->rarest[code] = fmaxf(bound->rarest[code], idf);
    bound->top = fmaxf(bound->top, idf);
    if (gram->name)
        put_name(bound, (struct name){word, idf});
}

static void set_words(struct simindex_bound *bound, const struct match_corpus *corpus,
                      const struct match_report *report)
{
    const uint8_t *bytes = match_gram_bytes(report);
    for (size_t i = 0; i < bound->used_n; i++)
        bound->topic[bound->used[i]] = bound->rarest[bound->used[i]] = 0;
    memset(bound->four, 0, sizeof bound->four);
    bound->used_n = bound->names_n = 0;
    bound->names_left = bound->top = 0;
    for (size_t i = 0; i < report->grams; i++) {
        struct match_gram gram = match_gram_at(bytes, i);
        put_gram(bound, &gram, match_idf(corpus, gram.hash));
    }
}

static void set_numbers(struct simindex_bound *bound, const struct match_report *report)
{
    bound->houses = bound->spots = bound->routes = 0;
    bound->numbers_n = bound->numbers_left = 0;
    for (size_t i = 0; i < report->facts; i++) {
        uint32_t fact = report->data[i], kind = MATCH_FACT_KIND(fact);
        if (kind == MATCH_FACT_BUILDING || kind == MATCH_FACT_HOUSE)
            bound->houses |= simindex_value(fact);
        else if (kind == MATCH_FACT_SPOT)
            bound->spots |= simindex_value(fact);
        else if (kind == MATCH_FACT_ROUTE)
            bound->routes |= simindex_value(fact);
        else if (kind == MATCH_FACT_NUMBER && bound->numbers_n < NUMBERS)
            bound->numbers[bound->numbers_n++] = simindex_value(fact);
        else if (kind == MATCH_FACT_NUMBER)
            bound->numbers_left++;
    }
}

void simindex_bound_set(struct simindex_bound *bound, const struct match_corpus *corpus,
                        const struct match_report *report)
{
    struct simindex_topics topics;
    simindex_card_make(report, &bound->card, &topics);
    match_weigh(corpus, report, &bound->weights);
    bound->norm = sqrtf(bound->weights.all_2);
    bound->cos_lat = (float)cos(report->lat * RADIANS);
    set_words(bound, corpus, report);
    set_numbers(bound, report);
}
