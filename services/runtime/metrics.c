// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms of one process by name, and their text for Prometheus (format
// 0.0.4). Everything has the one label `service`. A name keeps the kind of its first use. Beside
// them stand the process's own figures, read when the text is made (process.c).
#include "runtime/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/process.h"

#define SLOTS 512 // power of two; at most half of them are used
#define BOUNDS 12

static const double bounds[BOUNDS] = {0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000};

enum kind { KIND_GAUGE, KIND_COUNTER, KIND_HISTOGRAM };

struct metric {
    char *name, *help;
    enum kind kind;
    double value; // a histogram's sum
    uint64_t count;
    uint64_t *buckets; // BOUNDS of them, not cumulated
};

struct wh_metrics {
    char service[32];
    struct metric slots[SLOTS];
    uint16_t order[SLOTS]; // slots in order of first use
    size_t n;
};

// A growing text; `failed` once without memory.
struct text {
    char *p;
    size_t n, cap;
    bool failed;
};

struct wh_metrics *wh_metrics_new(const char *service)
{
    struct wh_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics != NULL)
        (void)snprintf(metrics->service, sizeof metrics->service, "%s", service);
    return metrics;
}

void wh_metrics_free(struct wh_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        free(metrics->slots[i].name);
        free(metrics->slots[i].help);
        free(metrics->slots[i].buckets);
    }
    free(metrics);
}

static size_t slot_of(const char *name) // FNV-1a
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = name; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32) % SLOTS;
}

static struct metric *metric_make(struct wh_metrics *metrics, size_t slot, const char *name,
                                  const char *help, enum kind kind)
{
    struct metric *metric = &metrics->slots[slot];
    if (metrics->n >= SLOTS / 2)
        return NULL;
    struct metric made = {.name = strdup(name), .help = strdup(help), .kind = kind};
    if (kind == KIND_HISTOGRAM)
        made.buckets = calloc(BOUNDS, sizeof *made.buckets);
    if (made.name == NULL || made.help == NULL || (kind == KIND_HISTOGRAM && !made.buckets)) {
        free(made.name);
        free(made.help);
        free(made.buckets);
        return NULL;
    }
    *metric = made;
    metrics->order[metrics->n++] = (uint16_t)slot;
    return metric;
}

// NULL when the table is full, memory is out, or the name has another kind: then it is not counted.
static struct metric *metric_of(struct wh_metrics *metrics, const char *name, const char *help,
                                enum kind kind)
{
    size_t slot = slot_of(name);
    for (; metrics->slots[slot].name != NULL; slot = (slot + 1) % SLOTS)
        if (strcmp(metrics->slots[slot].name, name) == 0)
            return metrics->slots[slot].kind == kind ? &metrics->slots[slot] : NULL;
    return metric_make(metrics, slot, name, help, kind);
}

void wh_metrics_set(struct wh_metrics *metrics, const char *name, const char *help, double value)
{
    struct metric *metric = metric_of(metrics, name, help, KIND_GAUGE);
    if (metric != NULL)
        metric->value = value;
}

void wh_metrics_add(struct wh_metrics *metrics, const char *name, const char *help, double value)
{
    struct metric *metric = metric_of(metrics, name, help, KIND_COUNTER);
    if (metric != NULL)
        metric->value += value;
}

void wh_metrics_observe(struct wh_metrics *metrics, const char *name, const char *help, double ms)
{
    struct metric *metric = metric_of(metrics, name, help, KIND_HISTOGRAM);
    if (metric == NULL)
        return;
    metric->value += ms;
    metric->count++;
    for (size_t i = 0; i < BOUNDS; i++)
        if (ms <= bounds[i]) {
            metric->buckets[i]++;
            return;
        }
}

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line || text->failed)
        return;
    if (text->n + (size_t)n + 1 > text->cap) {
        char *bigger = realloc(text->p, text->cap * 2 + 4096);
        if (bigger == NULL) {
            text->failed = true;
            return;
        }
        text->p = bigger;
        text->cap = text->cap * 2 + 4096;
    }
    memcpy(text->p + text->n, line, (size_t)n + 1);
    text->n += (size_t)n;
}

static void put_head(struct text *text, const char *name, const char *help, const char *kind)
{
    char flat[256];
    size_t n = 0;
    for (const char *p = help; *p != '\0' && n < sizeof flat - 1; p++)
        flat[n++] = (char)(*p == '\n' || *p == '\\' ? ' ' : *p);
    flat[n] = '\0';
    put(text, "# HELP %s %s\n# TYPE %s %s\n", name, flat, name, kind);
}

static void put_value(struct text *text, const char *name, const char *service, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        put(text, "%s{service=\"%s\"} %.0f\n", name, service, value);
    else
        put(text, "%s{service=\"%s\"} %.9g\n", name, service, value);
}

static void put_histogram(struct text *text, const char *name, const char *service,
                          const struct metric *metric)
{
    uint64_t below = 0;
    for (size_t i = 0; i < BOUNDS; i++) {
        below += metric->buckets[i];
        put(text, "%s_bucket{service=\"%s\",le=\"%g\"} %llu\n", name, service, bounds[i],
            (unsigned long long)below);
    }
    put(text, "%s_bucket{service=\"%s\",le=\"+Inf\"} %llu\n", name, service,
        (unsigned long long)metric->count);
    put(text, "%s_sum{service=\"%s\"} %.9g\n%s_count{service=\"%s\"} %llu\n", name, service,
        metric->value, name, service, (unsigned long long)metric->count);
}

static void put_process(struct text *text, const char *service)
{
    struct wh_process_figures figures;
    wh_process_figures(&figures);
    const struct {
        const char *name, *help, *kind;
        double value;
    } rows[] = {
        {"process_resident_memory_bytes", "Memory in RAM", "gauge", figures.resident_bytes},
        {"process_open_fds", "Open file descriptors", "gauge", figures.open_fds},
        {"process_max_fds", "Most file descriptors allowed", "gauge", figures.max_fds},
        {"process_cpu_seconds_total", "Processor time used", "counter", figures.cpu_seconds},
        {"process_start_time_seconds", "When the process began", "gauge", figures.start_seconds},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_head(text, rows[i].name, rows[i].help, rows[i].kind);
        put_value(text, rows[i].name, service, rows[i].value);
    }
}

char *wh_metrics_text(const struct wh_metrics *metrics, size_t *ret_n)
{
    static const char *const kinds[] = {"gauge", "counter", "histogram"};
    struct text text = {0};
    for (size_t i = 0; i < metrics->n; i++) {
        const struct metric *metric = &metrics->slots[metrics->order[i]];
        char name[128];
        (void)snprintf(name, sizeof name, "whistle_%s", metric->name);
        put_head(&text, name, metric->help, kinds[metric->kind]);
        if (metric->kind == KIND_HISTOGRAM)
            put_histogram(&text, name, metrics->service, metric);
        else
            put_value(&text, name, metrics->service, metric->value);
    }
    put_process(&text, metrics->service);
    if (text.failed) {
        free(text.p);
        return NULL;
    }
    *ret_n = text.n;
    return text.p;
}
