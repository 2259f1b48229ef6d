// SPDX-License-Identifier: Apache-2.0
// Between metrics.c (what is counted) and metrics_text.c (how it is written).
#ifndef WH_RUNTIME_METRICS_INTERNAL_H
#define WH_RUNTIME_METRICS_INTERNAL_H

#include "runtime/metrics.h"

#define METRICS_BUCKETS 1024 // of the table of series

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metric_family;

// One label set of a name.
struct metric_series {
    struct metric_family *family;
    struct metric_series *chain; // in its bucket
    struct metric_series *next;  // of its family, in order of first use
    uint64_t hash;
    double value;     // a histogram's sum
    uint64_t count;   // histogram
    uint64_t *counts; // histogram: of family->buckets, not cumulated; owned
    char key[];       // name, and where there are labels: ,key="value"…
};

struct metric_family {
    struct metric_family *next;
    char *name;
    const char *help;
    enum metric_kind kind;
    const struct wh_buckets *buckets;
    struct metric_series *first, *last;
    size_t n;
};

struct wh_metrics {
    char service[32];
    struct metric_family *first, *last;
    struct metric_series *table[METRICS_BUCKETS];
};

#endif
