// SPDX-License-Identifier: Apache-2.0
// What was counted as Prometheus reads it (text format 0.0.4): one HELP and TYPE a name, its label
// sets together, `service` first. Beside them stand the process's own figures, read when the text
// is made (process.c). A name whose label sets all went away is left out.
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/metrics_internal.h"
#include "runtime/process.h"

// A growing text; `failed` once without memory.
struct text {
    char *p;
    size_t n, cap;
    bool failed;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    char line[768];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line || text->failed)
        return;
    if (text->n + (size_t)n + 1 > text->cap) {
        char *bigger = realloc(text->p, text->cap * 2 + 8192);
        if (bigger == NULL) {
            text->failed = true;
            return;
        }
        text->p = bigger;
        text->cap = text->cap * 2 + 8192;
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

static void put_number(struct text *text, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        put(text, " %.0f\n", value);
    else
        put(text, " %.15g\n", value);
}

static void put_value(struct text *text, const char *name, const char *service, const char *labels,
                      double value)
{
    put(text, "%s{service=\"%s\"%s}", name, service, labels);
    put_number(text, value);
}

static void put_histogram(struct text *text, const char *name, const char *service,
                          const struct metric_series *series)
{
    const struct wh_buckets *buckets = series->family->buckets;
    uint64_t below = 0;
    for (size_t i = 0; i < buckets->n; i++) {
        below += series->counts[i];
        put(text, "%s_bucket{service=\"%s\",le=\"%g\"} %llu\n", name, service, buckets->bounds[i],
            (unsigned long long)below);
    }
    put(text, "%s_bucket{service=\"%s\",le=\"+Inf\"} %llu\n", name, service,
        (unsigned long long)series->count);
    put(text, "%s_sum{service=\"%s\"} %.9g\n%s_count{service=\"%s\"} %llu\n", name, service,
        series->value, name, service, (unsigned long long)series->count);
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
        put_value(text, rows[i].name, service, "", rows[i].value);
    }
}

static void put_family(struct text *text, const char *service, const struct metric_family *family)
{
    static const char *const kinds[] = {"gauge", "counter", "histogram"};
    char name[128];
    size_t name_n = strlen(family->name);
    if (family->first == NULL)
        return;
    (void)snprintf(name, sizeof name, "whistle_%s", family->name);
    put_head(text, name, family->help, kinds[family->kind]);
    for (const struct metric_series *one = family->first; one != NULL; one = one->next)
        if (family->kind == METRIC_HISTOGRAM)
            put_histogram(text, name, service, one);
        else
            put_value(text, name, service, one->key + name_n, one->value);
}

char *wh_metrics_text(const struct wh_metrics *metrics, size_t *ret_n)
{
    struct text text = {0};
    for (const struct metric_family *one = metrics->first; one != NULL; one = one->next)
        put_family(&text, metrics->service, one);
    put_process(&text, metrics->service);
    if (text.failed) {
        free(text.p);
        return NULL;
    }
    *ret_n = text.n;
    return text.p;
}
