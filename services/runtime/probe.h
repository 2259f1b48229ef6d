// SPDX-License-Identifier: Apache-2.0
// Health and metrics over HTTP on loopback: /metrics, /healthz (the process turns), /readyz (200
// only while serving; the body says what is missing). Only GET.
#ifndef WH_RUNTIME_PROBE_H
#define WH_RUNTIME_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "runtime/metrics.h"

struct wh_probe;
// true: "ready", and what it says beside that; false: why not.
typedef bool (*wh_ready_fn)(void *arg, char *ret_why, size_t n);
// address "127.0.0.1", port 0: none. before(arg): refresh gauges before a scrape.
int wh_probe_open(uv_loop_t *loop, const char *address, int port, struct wh_metrics *metrics,
                  wh_ready_fn ready, void (*before)(void *arg), void *arg,
                  struct wh_probe **ret_probe);
void wh_probe_close(struct wh_probe *probe);

#endif
