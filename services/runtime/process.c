// SPDX-License-Identifier: Apache-2.0
// The process's own figures for /metrics (memory, descriptors, processor time, age), and its limit
// of open files.
#include "runtime/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return 0;
    double n = -3; // "." and ".." and the directory itself
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

// Field 22 of stat, after the name in brackets: clock ticks from boot to the start.
static double start_seconds(void)
{
    char text[1024];
    struct timespec boot, now;
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[n] = '\0';
    const char *p = strrchr(text, ')');
    for (int field = 2; p != NULL && field < 22; field++)
        p = strchr(p + 1, ' ');
    unsigned long long ticks = 0;
    if (p == NULL || sscanf(p, "%llu", &ticks) != 1)
        return 0;
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    double age = (double)boot.tv_sec - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return (double)now.tv_sec - age;
}

void wh_process_figures(struct wh_process_figures *ret_figures)
{
    struct rlimit limit;
    struct timespec cpu;
    *ret_figures = (struct wh_process_figures){
        .resident_bytes = resident_bytes(),
        .open_fds = open_fds(),
        .start_seconds = start_seconds(),
    };
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret_figures->max_fds = (double)limit.rlim_cur;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
        ret_figures->cpu_seconds = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
}

void wh_process_allow_files(unsigned most)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= most)
        return;
    limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
