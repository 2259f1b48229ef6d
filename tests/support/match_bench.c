// SPDX-License-Identifier: Apache-2.0
// One core, one thread: every report is made, searched for, inserted, in the order of time.
#include "support/match_bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HITS 5

struct bench {
    const struct match_bench_options *options;
    struct matter_set *set;
    struct match_model *parsed;
    const struct match_model *model;
    struct match_maker *maker;
    struct simindex *index;
    double least; // as dedup asks
    struct match_outcome *outcomes;
    double *times; // processor's s of each search with insertion
    double make_s, find_s, wall_s;
};

static double on(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(void)
{
    return on(CLOCK_MONOTONIC);
}

// Of this thread alone: what it would take if nothing else ran here.
static double processor(void)
{
    return on(CLOCK_THREAD_CPUTIME_ID);
}

static void *memory(size_t n, size_t each)
{
    void *got = calloc(n ? n : 1, each);
    if (!got)
        abort();
    return got;
}

static double rss(void)
{
    long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &all, &resident) != 2)
        abort();
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

// ---- quality ------------------------------------------------------------------------------------

static int by_score(const void *a, const void *b)
{
    const struct match_outcome *p = a, *q = b;
    return p->score > q->score ? -1 : p->score < q->score;
}

static void judge(struct match_quality *q, double right, double joined, double threshold)
{
    double precision = right / joined,
           recall = right / (double)(q->with_earlier ? q->with_earlier : 1);
    double f1 = right > 0 ? 2 * precision * recall / (precision + recall) : 0;
    if (f1 > q->best_f1) {
        q->best_f1 = f1;
        q->threshold = threshold;
        q->precision = precision;
        q->recall = recall;
    }
    if (precision >= 0.99 && recall > q->recall_at_p99)
        q->recall_at_p99 = recall;
    if (precision >= 0.95 && recall > q->recall_at_p95)
        q->recall_at_p95 = recall;
}

void match_quality_of(const struct match_outcome *outcomes, size_t n, struct match_quality *ret)
{
    struct match_outcome *sorted = memory(n, sizeof *sorted);
    size_t right = 0;
    memcpy(sorted, outcomes, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_score);
    *ret = (struct match_quality){0};
    for (size_t i = 0; i < n; i++) {
        ret->with_earlier += sorted[i].has_earlier;
        ret->joins += sorted[i].same;
        ret->false_joins += sorted[i].same && !sorted[i].right;
    }
    for (size_t i = 0; i < n && sorted[i].score > 0; i++) {
        right += sorted[i].right;
        if (i + 1 == n || sorted[i + 1].score < sorted[i].score)
            judge(ret, (double)right, (double)(i + 1), (double)sorted[i].score);
    }
    if (ret->joins)
        ret->false_per_10000 = 10000.0 * (double)ret->false_joins / (double)ret->joins;
    free(sorted);
}

// ---- the run ------------------------------------------------------------------------------------

static const struct match_report *made(struct bench *b, uint32_t i)
{
    static struct matter_report report; // large
    const struct match_report *blob;
    matter_set_report(b->set, i, &report);
    struct match_input in = matter_input(&report);
    double start = processor();
    if (match_report_make(b->maker, &in, &blob) != 0)
        abort();
    b->make_s += processor() - start;
    return blob;
}

static void search(struct bench *b, uint32_t i, bool leave)
{
    struct simindex_hit hits[HITS];
    const struct match_report *report = made(b, i);
    double wall = seconds(), start = processor();
    size_t n = simindex_find(b->index, report, b->least, hits, HITS);
    double found = processor();
    if (simindex_add(b->index, report) != 0 ||
        (leave && !simindex_remove(b->index, (int64_t)i + 1 - (int64_t)b->options->params.reports)))
        abort();
    b->times[i] = processor() - start;
    b->wall_s += seconds() - wall;
    b->find_s += found - start;
    struct match_outcome *outcome = &b->outcomes[i];
    outcome->has_earlier = matter_set_has_earlier(b->set, i);
    if (n == 0 || hits[0].score.rule != MATCH_RULE_SCORE)
        return;
    outcome->score = (float)hits[0].score.probability;
    outcome->right =
        matter_set_event(b->set, (uint32_t)(hits[0].id - 1)) == matter_set_event(b->set, i);
    outcome->same = match_band(b->model, &hits[0].score) == MATCH_SAME;
}

static int by_size(const void *a, const void *b)
{
    double p = *(const double *)a, q = *(const double *)b;
    return p < q ? -1 : p > q;
}

static struct match_speed speed_of(struct bench *b, uint32_t from, uint32_t to)
{
    struct match_speed speed = {0};
    size_t n = to - from;
    double *times = memory(n, sizeof *times), sum = 0;
    if (n == 0) {
        free(times);
        return speed;
    }
    memcpy(times, b->times + from, n * sizeof *times);
    qsort(times, n, sizeof *times, by_size);
    for (size_t i = 0; i < n; i++)
        sum += times[i];
    speed = (struct match_speed){.per_s = (double)n / sum,
                                 .wall_per_s = (double)n / b->wall_s,
                                 .find_per_s = (double)n / b->find_s,
                                 .p50_us = times[n / 2] * 1e6,
                                 .p99_us = times[n - 1 - n / 100] * 1e6,
                                 .max_us = times[n - 1] * 1e6,
                                 .make_us = b->make_s / (double)n * 1e6};
    b->find_s = b->make_s = b->wall_s = 0;
    free(times);
    return speed;
}

// From stored blobs: as a service reads them back at its start.
static double rebuild(struct bench *b, uint32_t from, uint32_t to)
{
    size_t room = 0, at = 0;
    for (uint32_t i = from; i < to; i++)
        room += match_report_size(simindex_get(b->index, (int64_t)i + 1));
    uint8_t *stored = memory(room, 1);
    for (uint32_t i = from; i < to; i++) {
        const struct match_report *report = simindex_get(b->index, (int64_t)i + 1);
        memcpy(stored + at, report, match_report_size(report));
        at += match_report_size(report);
    }
    simindex_free(b->index);
    double start = seconds();
    b->index = simindex_new(b->model, to - from);
    if (!b->index)
        abort();
    for (at = 0; at < room;) {
        const struct match_report *report =
            (const struct match_report *)(const void *)(stored + at);
        size_t size = match_report_size(report);
        if (!match_report_valid(report, size) || simindex_add(b->index, report) != 0)
            abort();
        at += size;
    }
    double took = seconds() - start;
    free(stored);
    return took;
}

static const struct match_model *model_of(struct bench *b, const char *path)
{
    char why[200];
    if (!path)
        return match_model_builtin();
    FILE *file = fopen(path, "r");
    char *text = memory(1 << 24, 1);
    size_t n = file ? fread(text, 1, 1 << 24, file) : 0;
    if (!file || match_model_parse(text, n, &b->parsed, why, sizeof why) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, file ? why : strerror(errno));
        exit(2);
    }
    (void)fclose(file);
    free(text);
    return b->parsed;
}

void match_bench_run(const struct match_bench_options *options, struct match_bench_result *ret)
{
    struct bench b = {.options = options};
    struct matter_params params = options->params;
    uint32_t hot = params.reports, all = hot + options->steady;
    params.reports = all;
    b.model = model_of(&b, options->model);
    b.least = match_model_perhaps(b.model);
    b.set = matter_set_new(&params);
    b.outcomes = memory(all, sizeof *b.outcomes);
    b.times = memory(all, sizeof *b.times);
    memset(b.times, 1, all * sizeof *b.times); // resident before the index grows
    b.maker = match_maker_new();
    double before = rss();
    b.index = simindex_new(b.model, hot);
    if (!b.maker || !b.index)
        abort();
    *ret = (struct match_bench_result){.params = *matter_set_params(b.set), .reports = all};
    uint32_t first = options->search && options->search < hot ? hot - options->search : 0;
    for (uint32_t i = 0; i < first; i++)
        if (simindex_add(b.index, made(&b, i)) != 0)
            abort();
    b.make_s = 0;
    for (uint32_t i = first; i < hot; i++)
        search(&b, i, false);
    ret->growing = speed_of(&b, first, hot);
    ret->bytes = (double)simindex_bytes(b.index) / (double)simindex_count(b.index);
    ret->rss_bytes = (rss() - before) / (double)simindex_count(b.index);
    for (uint32_t i = hot; i < all; i++)
        search(&b, i, true);
    ret->steady = speed_of(&b, hot, all);
    match_quality_of(b.outcomes + first, all - first, &ret->quality);
    ret->searched = all - first;
    for (uint32_t i = all - hot; i < all; i++)
        ret->blob_bytes +=
            (double)match_report_size(simindex_get(b.index, (int64_t)i + 1)) / (double)hot;
    ret->rebuild_s = rebuild(&b, all - hot, all);
    simindex_free(b.index);
    match_maker_free(b.maker);
    match_model_free(b.parsed);
    free(b.outcomes);
    free(b.times);
    if (options->trgm)
        match_bench_pg(b.set, options, ret);
    matter_set_free(b.set);
}

int match_bench_write(const struct match_bench_options *options)
{
    static struct matter_report report;
    FILE *file = fopen(options->write, "w");
    if (!file)
        return 1;
    struct matter_set *set = matter_set_new(&options->params);
    for (uint32_t i = 0; i < options->params.reports; i++) {
        matter_set_report(set, i, &report);
        matter_json(&report, file);
    }
    matter_params_print(matter_set_params(set), stderr);
    matter_set_free(set);
    return fclose(file) == 0 ? 0 : 1;
}
