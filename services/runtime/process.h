// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process (from /proc/self; 0 where a figure is not to be had), and
// how many files it may open.
#ifndef WH_RUNTIME_PROCESS_H
#define WH_RUNTIME_PROCESS_H

struct wh_process_figures {
    double resident_bytes;
    double open_fds, max_fds;
    double cpu_seconds;   // user and system
    double start_seconds; // since 1970, UTC
};

void wh_process_figures(struct wh_process_figures *ret_figures);
// Raises the soft limit of open files to `most`, or as far as the hard limit allows. Every
// connection is a file, also one that never ends its handshake, and ZeroMQ's ipc listener aborts
// the process when there are none left (4.3.4, ipc_listener.cpp).
void wh_process_allow_files(unsigned most);

#endif
