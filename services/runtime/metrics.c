// SPDX-License-Identifier: Apache-2.0
// The table of what is counted: families by name, series by name and labels, found by one hash of
// both. A figure without labels costs one probe and no copy.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/metrics_internal.h"

#define KEY_MAX 400 // of name and labels
#define VALUE_MAX 64
#define DROPPED "metrics_dropped_total"
#define DROPPED_HELP "figures left out because a name had too many label sets"

const struct wh_buckets wh_buckets_seconds = {
    13, {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5}};
const struct wh_buckets wh_buckets_waiting = {
    14, {0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 600}};
const struct wh_buckets wh_buckets_items = {10, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};

struct wh_metrics *wh_metrics_new(const char *service)
{
    struct wh_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        return NULL;
    (void)snprintf(metrics->service, sizeof metrics->service, "%s", service);
    wh_metrics_add(metrics, DROPPED, DROPPED_HELP, NULL, 0);
    return metrics;
}

static void family_clear(struct wh_metrics *metrics, struct metric_family *family)
{
    while (family->first != NULL) {
        struct metric_series *series = family->first;
        struct metric_series **link = &metrics->table[series->hash % METRICS_BUCKETS];
        while (*link != series)
            link = &(*link)->chain;
        *link = series->chain;
        family->first = series->next;
        free(series->counts);
        free(series);
    }
    family->last = NULL;
    family->n = 0;
}

void wh_metrics_free(struct wh_metrics *metrics)
{
    while (metrics != NULL && metrics->first != NULL) {
        struct metric_family *family = metrics->first;
        metrics->first = family->next;
        family_clear(metrics, family);
        free(family->name);
        free(family);
    }
    free(metrics);
}

// ---- keys ------------------------------------------------------------------------------------

// Appends a label; quotes, backslashes and line ends are escaped. False: no room.
static bool key_label(char *key, size_t *n, const char *name, const char *value)
{
    int head = snprintf(key + *n, KEY_MAX - *n, ",%s=\"", name);
    if (head < 0 || (size_t)head + 2 * VALUE_MAX + 2 > KEY_MAX - *n)
        return false;
    *n += (size_t)head;
    for (size_t i = 0; i < VALUE_MAX && value[i] != '\0'; i++) {
        bool special = value[i] == '"' || value[i] == '\\' || value[i] == '\n';
        if (special)
            key[(*n)++] = '\\';
        key[(*n)++] = (char)(value[i] == '\n' ? 'n' : value[i]);
    }
    key[(*n)++] = '"';
    key[*n] = '\0';
    return true;
}

// value NULL: the labels' own values, else the same for all of them.
static bool key_make(char key[KEY_MAX], const char *name, const struct wh_label *labels,
                     const char *value)
{
    int n = snprintf(key, KEY_MAX, "%s", name);
    if (n < 0 || n >= KEY_MAX)
        return false;
    size_t at = (size_t)n;
    for (; labels != NULL && labels->key != NULL; labels++)
        if (!key_label(key, &at, labels->key, value != NULL ? value : labels->value))
            return false;
    return true;
}

static uint64_t hash_of(const char *key) // FNV-1a
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = key; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static struct metric_series *series_find(const struct wh_metrics *metrics, const char *key,
                                         uint64_t hash)
{
    struct metric_series *series = metrics->table[hash % METRICS_BUCKETS];
    while (series != NULL && (series->hash != hash || strcmp(series->key, key) != 0))
        series = series->chain;
    return series;
}

// ---- making ----------------------------------------------------------------------------------

static struct metric_family *family_find(const struct wh_metrics *metrics, const char *name)
{
    struct metric_family *family = metrics->first;
    while (family != NULL && strcmp(family->name, name) != 0)
        family = family->next;
    return family;
}

// What is counted and how; shared by the functions below.
struct asked {
    const char *name, *help;
    enum metric_kind kind;
    const struct wh_buckets *buckets;
};

static struct metric_family *family_of(struct wh_metrics *metrics, const struct asked *asked)
{
    struct metric_family *family = family_find(metrics, asked->name);
    if (family != NULL)
        return family;
    family = calloc(1, sizeof *family);
    char *name = strdup(asked->name);
    if (family == NULL || name == NULL) {
        free(family);
        free(name);
        return NULL;
    }
    *family = (struct metric_family){
        .name = name, .help = asked->help, .kind = asked->kind, .buckets = asked->buckets};
    *(metrics->last != NULL ? &metrics->last->next : &metrics->first) = family;
    metrics->last = family;
    return family;
}

static struct metric_series *series_make(struct wh_metrics *metrics, struct metric_family *family,
                                         const char *key, uint64_t hash)
{
    size_t size = strlen(key) + 1;
    struct metric_series *series = calloc(1, sizeof *series + size);
    if (series == NULL)
        return NULL;
    if (family->buckets != NULL)
        series->counts = calloc(family->buckets->n, sizeof *series->counts);
    if (family->buckets != NULL && series->counts == NULL) {
        free(series);
        return NULL;
    }
    memcpy(series->key, key, size);
    series->family = family;
    series->hash = hash;
    series->chain = metrics->table[hash % METRICS_BUCKETS];
    metrics->table[hash % METRICS_BUCKETS] = series;
    *(family->last != NULL ? &family->last->next : &family->first) = series;
    family->last = series;
    family->n++;
    return series;
}

// No room for this label set: the family's series of all others; of a gauge there is none.
static struct metric_series *series_other(struct wh_metrics *metrics, struct metric_family *family,
                                          const struct wh_label *labels)
{
    char key[KEY_MAX];
    if (family->kind == METRIC_GAUGE || !key_make(key, family->name, labels, "other")) {
        wh_metrics_add(metrics, DROPPED, DROPPED_HELP, NULL, 1);
        return NULL;
    }
    uint64_t hash = hash_of(key);
    struct metric_series *series = series_find(metrics, key, hash);
    return series != NULL ? series : series_make(metrics, family, key, hash);
}

// NULL: nothing can be counted (no memory, another kind under this name, no room for a gauge).
static struct metric_series *series_of(struct wh_metrics *metrics, const struct asked *asked,
                                       const struct wh_label *labels)
{
    char made[KEY_MAX];
    const char *key = asked->name;
    if (labels != NULL) {
        if (!key_make(made, asked->name, labels, NULL))
            return NULL;
        key = made;
    }
    uint64_t hash = hash_of(key);
    struct metric_series *series = series_find(metrics, key, hash);
    if (series != NULL)
        return series->family->kind == asked->kind ? series : NULL;
    struct metric_family *family = family_of(metrics, asked);
    if (family == NULL || family->kind != asked->kind)
        return NULL;
    if (family->n >= WH_METRICS_SERIES)
        return series_other(metrics, family, labels);
    return series_make(metrics, family, key, hash);
}

// ---- counting --------------------------------------------------------------------------------

void wh_metrics_set(struct wh_metrics *metrics, const char *name, const char *help,
                    const struct wh_label *labels, double value)
{
    const struct asked asked = {name, help, METRIC_GAUGE, NULL};
    struct metric_series *series = series_of(metrics, &asked, labels);
    if (series != NULL)
        series->value = value;
}

void wh_metrics_add(struct wh_metrics *metrics, const char *name, const char *help,
                    const struct wh_label *labels, double value)
{
    const struct asked asked = {name, help, METRIC_COUNTER, NULL};
    struct metric_series *series = series_of(metrics, &asked, labels);
    if (series != NULL)
        series->value += value;
}

void wh_metrics_count(struct wh_metrics *metrics, const char *name, const char *help,
                      const struct wh_label *labels, double value)
{
    const struct asked asked = {name, help, METRIC_COUNTER, NULL};
    struct metric_series *series = series_of(metrics, &asked, labels);
    if (series != NULL)
        series->value = value;
}

void wh_metrics_observe(struct wh_metrics *metrics, const char *name, const char *help,
                        const struct wh_buckets *buckets, double value)
{
    const struct asked asked = {name, help, METRIC_HISTOGRAM, buckets};
    struct metric_series *series = series_of(metrics, &asked, NULL);
    if (series == NULL)
        return;
    series->value += value;
    series->count++;
    size_t i = 0;
    while (i < series->family->buckets->n && value > series->family->buckets->bounds[i])
        i++;
    if (i < series->family->buckets->n)
        series->counts[i]++;
}

void wh_metrics_clear(struct wh_metrics *metrics, const char *name)
{
    struct metric_family *family = family_find(metrics, name);
    if (family != NULL)
        family_clear(metrics, family);
}
