// SPDX-License-Identifier: Apache-2.0
// How much room the database's disk has. Nearly full (`min_free_mb`): what a service calls new work
// waits, so that work in hand can be finished. Full (`stop_free_mb`): nothing that writes is taken,
// before PostgreSQL itself has to stop.
#ifndef WH_RUNTIME_DISK_H
#define WH_RUNTIME_DISK_H

#include <stdint.h>

struct wh_runtime;

enum wh_disk_state { WH_DISK_AMPLE, WH_DISK_SCARCE, WH_DISK_FULL };

// Embedded in the runtime; all zero: not looked at yet.
struct wh_disk {
    int64_t looked_ms; // mono
    enum wh_disk_state state;
};

// Free space in MiB against the two floors. Pure.
enum wh_disk_state wh_disk_judge(int64_t free_mb, int64_t min_mb, int64_t stop_mb);
// The state now: looks at `data_dir` and its pg_wal once a second, the fuller one counts. Ample
// where data_dir is not set (the database is elsewhere) or cannot be looked at.
enum wh_disk_state wh_disk_look(struct wh_runtime *runtime);

#endif
