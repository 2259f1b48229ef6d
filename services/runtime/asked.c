// SPDX-License-Identifier: Apache-2.0
// What is asked of the runtime: by who supervises it whether it serves (/readyz), by its service
// for settings, followers, secrets, and to count something of its own.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/follows.h"
#include "runtime/owner.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

bool wh_ready(void *arg, char *ret_why, size_t n)
{
    static const char *const texts[] = {
        [WH_PHASE_DOWN] = "no database",
        [WH_PHASE_STANDBY] = "standby: another process owns the journal",
        [WH_PHASE_TAKING] = "starting: memory is being rebuilt",
        [WH_PHASE_DRAINING] = "stopping",
    };
    const struct wh_runtime *runtime = arg;
    const char *rewound = wh_followings_rewound(runtime->followings);
    if (runtime->phase == WH_PHASE_STANDBY)
        (void)snprintf(ret_why, n, "%s: %s", texts[runtime->phase], wh_owner_text(runtime));
    else if (rewound)
        (void)snprintf(ret_why, n, "feed %s was rewound: its past is not ours", rewound);
    else if (runtime->phase == WH_PHASE_SERVING && (!runtime->door || !runtime->feed))
        (void)snprintf(ret_why, n, "door or feed is not bound");
    else if (runtime->phase == WH_PHASE_SERVING)
        (void)snprintf(ret_why, n, "release %s, epoch %lld",
                       wh_settings_text(runtime->settings, "release"),
                       (long long)wh_engine_epoch(runtime->engine));
    else
        (void)snprintf(ret_why, n, "%s", texts[runtime->phase]);
    return runtime->phase == WH_PHASE_SERVING && runtime->door && runtime->feed && !rewound;
}

// ---- for services ----------------------------------------------------------------------------

uv_loop_t *wh_runtime_loop(struct wh_runtime *runtime)
{
    return &runtime->loop;
}

struct wh_bus *wh_runtime_bus(struct wh_runtime *runtime)
{
    return runtime->bus;
}

const struct wh_key *wh_runtime_key(const struct wh_runtime *runtime)
{
    return &runtime->key;
}

bool wh_serving(const struct wh_runtime *runtime)
{
    return runtime->phase == WH_PHASE_SERVING || runtime->phase == WH_PHASE_DRAINING;
}

bool wh_ready_now(const struct wh_runtime *runtime, char *ret_why, size_t n)
{
    return wh_ready((void *)(uintptr_t)runtime, ret_why, n);
}

int64_t wh_wall_now(void)
{
    return wh_wall_ms();
}

int64_t wh_setting_int(const struct wh_runtime *runtime, const char *name)
{
    return wh_settings_int(runtime->settings, name);
}

const char *wh_setting_text(const struct wh_runtime *runtime, const char *name)
{
    return wh_settings_text(runtime->settings, name);
}

bool wh_setting_bool(const struct wh_runtime *runtime, const char *name)
{
    return wh_settings_bool(runtime->settings, name);
}

bool wh_disk_scarce(struct wh_runtime *runtime)
{
    return wh_disk_look(runtime) != WH_DISK_AMPLE;
}

bool wh_follower_lag(const struct wh_runtime *runtime, const char *name, int64_t *ret_events,
                     int64_t *ret_ms)
{
    return runtime->feed && wh_feed_lag(runtime->feed, name, ret_events, ret_ms);
}

void wh_followers_each(const struct wh_runtime *runtime,
                       void (*fn)(void *arg, const char *name, const char *identity, int64_t seen,
                                  bool connected),
                       void *arg)
{
    if (runtime->feed)
        wh_feed_each(runtime->feed, fn, arg);
}

int64_t wh_seen_by(const struct wh_runtime *runtime, const char *identity)
{
    return runtime->feed ? wh_feed_seen_by(runtime->feed, identity) : 0;
}

int64_t wh_head_seq(const struct wh_runtime *runtime)
{
    return wh_engine_head(runtime->engine);
}

void wh_metric_set(struct wh_runtime *runtime, const char *name, const char *help,
                   const struct wh_label *labels, double value)
{
    wh_metrics_set(runtime->metrics, name, help, labels, value);
}

void wh_metric_add(struct wh_runtime *runtime, const char *name, const char *help,
                   const struct wh_label *labels, double value)
{
    wh_metrics_add(runtime->metrics, name, help, labels, value);
}

void wh_metric_waited(struct wh_runtime *runtime, const char *name, const char *help, int64_t since)
{
    int64_t waited = wh_wall_ms() - since;
    wh_metrics_observe(runtime->metrics, name, help, &wh_buckets_waiting,
                       waited > 0 ? (double)waited / 1000 : 0.0);
}

int wh_secret(const struct wh_runtime *runtime, const char *name, uint8_t ret_key[32])
{
    char path[4200];
    uint8_t bytes[33];
    (void)snprintf(path, sizeof path, "%s/%s.key", wh_settings_text(runtime->settings, "secrets"),
                   name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return WH_E_NOTFOUND;
    ssize_t n = read(file, bytes, sizeof bytes);
    close(file);
    if (n != 32)
        return n < 0 ? WH_E_IO : WH_E_INVALID;
    for (size_t i = 0; i < 32; i++)
        ret_key[i] = bytes[i];
    return 0;
}
