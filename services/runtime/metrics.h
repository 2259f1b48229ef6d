// SPDX-License-Identifier: Apache-2.0
// Prometheus text 0.0.4 and health over HTTP on loopback: /metrics, /healthz (the process turns),
// /readyz (200 only while serving; the body says what is missing). Only GET; llhttp parses.
#ifndef WH_RUNTIME_METRICS_H
#define WH_RUNTIME_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct wh_metrics;

struct wh_metrics *wh_metrics_new(const char *service);
void wh_metrics_free(struct wh_metrics *metrics);
void wh_metrics_set(struct wh_metrics *metrics, const char *name, const char *help, double value);
void wh_metrics_add(struct wh_metrics *metrics, const char *name, const char *help, double value);
// Milliseconds into fixed buckets (0.5 1 2 5 10 20 50 100 200 500 1000 5000).
void wh_metrics_observe(struct wh_metrics *metrics, const char *name, const char *help, double ms);
// Prometheus text into a malloc'ed string.
char *wh_metrics_text(const struct wh_metrics *metrics, size_t *ret_n);

struct wh_http;
typedef bool (*wh_ready_fn)(void *arg, char *ret_why, size_t n);
// address "127.0.0.1", port 0: none. before(arg): refresh gauges before a scrape.
int wh_http_open(uv_loop_t *loop, const char *address, int port, struct wh_metrics *metrics,
                 wh_ready_fn ready, void (*before)(void *arg), void *arg,
                 struct wh_http **ret_http);
void wh_http_close(struct wh_http *http);

#endif
