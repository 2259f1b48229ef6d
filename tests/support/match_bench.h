// SPDX-License-Identifier: Apache-2.0
// Measuring the matcher and its index on generated matters: used by the bench and, small, by a
// test.
#ifndef WH_TEST_MATCH_BENCH_H
#define WH_TEST_MATCH_BENCH_H

#include "match/simindex.h"
#include "support/matter_gen.h"

struct match_bench_options {
    struct matter_params params; // reports: those that stay hot
    uint32_t steady;             // reports after those, each with the oldest one leaving
    uint32_t search;             // only so many of the last of them are searched for, 0: all
    uint32_t trgm;               // searches with pg_trgm, 0: none
    const char *model;           // file; NULL: the built-in one
    const char *write;           // only write the reports there
    bool json;
};

// How well the best earlier report of each is the same matter. Recall is over reports that have an
// earlier report of their event, precision over joins.
struct match_quality {
    size_t with_earlier;
    double best_f1, threshold, precision, recall; // at the best threshold
    double recall_at_p99, recall_at_p95;
    size_t joins, false_joins; // by the band SAME
    double false_per_10000;
};

// Of one search with the insertion after it, by the time the processor gave to it (a machine that
// does other things too takes it away for milliseconds); per_s by the clock on the wall beside it.
struct match_speed {
    double per_s, wall_per_s, find_per_s, p50_us, p99_us, max_us;
    double make_us; // making a report's blob, mean
};

struct match_rival { // pg_trgm
    double load_s, per_s, p50_ms, p99_ms;
    struct match_quality quality; // only of the sample
    uint32_t sample;
};

struct match_bench_result {
    struct matter_params params;
    size_t reports, searched;
    struct match_quality quality;
    struct match_speed growing, steady;
    double bytes, rss_bytes; // a hot report: the index's own count; the process' growth
    double blob_bytes;
    double rebuild_s;
    struct match_rival gin, btree;
};

void match_bench_run(const struct match_bench_options *options, struct match_bench_result *ret);
void match_bench_print(const struct match_bench_options *options,
                       const struct match_bench_result *result, FILE *to);
int match_bench_write(const struct match_bench_options *options);

// One report's outcome: its best hit.
struct match_outcome {
    float score; // 0: no hit
    bool right, has_earlier;
    bool same; // the band
};

void match_quality_of(const struct match_outcome *outcomes, size_t n, struct match_quality *ret);
// pg_trgm on the same reports (match_bench_pg.c); results into ret->gin and ret->btree.
void match_bench_pg(const struct matter_set *set, const struct match_bench_options *options,
                    struct match_bench_result *ret);

#endif
