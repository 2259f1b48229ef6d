// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process. Reads /proc/self; 0 where a figure is not to be had.
#ifndef WH_RUNTIME_PROCESS_H
#define WH_RUNTIME_PROCESS_H

struct wh_process_figures {
    double resident_bytes;
    double open_fds, max_fds;
    double cpu_seconds;   // user and system
    double start_seconds; // since 1970, UTC
};

void wh_process_figures(struct wh_process_figures *ret_figures);

#endif
