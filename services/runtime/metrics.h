// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms of one process, by name and labels. A name keeps the kind of its
// first use. Bounded: at most WH_METRICS_SERIES label sets a name; what comes beyond is counted
// under label values "other" (counters, histograms) or left out and counted in
// whistle_metrics_dropped_total (gauges: who sets them bounds them). Texts: see metrics_text.c.
#ifndef WH_RUNTIME_METRICS_H
#define WH_RUNTIME_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/label.h"

#define WH_METRICS_SERIES 256

struct wh_metrics;

// A histogram's upper bounds, rising.
struct wh_buckets {
    size_t n;
    double bounds[16];
};
extern const struct wh_buckets wh_buckets_seconds; // 0.5 ms to 5 s: what one turn takes
extern const struct wh_buckets wh_buckets_waiting; // 5 ms to 10 min: what somebody waits for
extern const struct wh_buckets wh_buckets_items;   // 1 to 512

struct wh_metrics *wh_metrics_new(const char *service);
void wh_metrics_free(struct wh_metrics *metrics);

// name without "whistle_"; help is borrowed for ever (a literal); labels may be NULL and are
// copied. Without memory nothing is counted.
void wh_metrics_set(struct wh_metrics *metrics, const char *name, const char *help,
                    const struct wh_label *labels, double value); // gauge
void wh_metrics_add(struct wh_metrics *metrics, const char *name, const char *help,
                    const struct wh_label *labels, double value); // counter; 0 makes it known
// A counter that is kept elsewhere: its value is told.
void wh_metrics_count(struct wh_metrics *metrics, const char *name, const char *help,
                      const struct wh_label *labels, double value);
void wh_metrics_observe(struct wh_metrics *metrics, const char *name, const char *help,
                        const struct wh_buckets *buckets, double value);
// Forgets all label sets of a name: before gauges of things that come and go are set anew.
void wh_metrics_clear(struct wh_metrics *metrics, const char *name);

// All of it, and the process's own figures, as Prometheus text 0.0.4 in a malloc'ed string. NULL
// without memory.
char *wh_metrics_text(const struct wh_metrics *metrics, size_t *ret_n);

#endif
