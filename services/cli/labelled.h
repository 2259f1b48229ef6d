// SPDX-License-Identifier: Apache-2.0
// Labelled reports from a file, for `dedup evaluate` and `dedup fit`: JSON lines or CSV with a
// header; id, time, lat, lon, category, unit, reporter (or user), title, body, address, event, each
// empty or absent where unknown, but id, time and event. Times: RFC 3339, or 2019/7/8 21:05:00 (UTC
// where no zone stands). Faults name line and field.
#ifndef CLI_LABELLED_H
#define CLI_LABELLED_H

#include "base/arena.h"
#include "cli/fault.h"
#include "match/evaluate.h"

// Owns the texts; zeroed is empty.
struct labelled {
    struct match_rows rows;
    struct wh_arena arena;
    int64_t (*apart)[2];
    int64_t *lines; // of each row in the order of the file, for faults
};

// 0; -1 with the fault. Sorted by time.
int labelled_read(const char *path, struct labelled *ret_labelled, struct fault *ret_fault);
// Adds pairs of ids that count neither way, two a line ("12,681"). 0; -1 with the fault.
int labelled_apart(struct labelled *labelled, const char *path, struct fault *ret_fault);
void labelled_done(struct labelled *labelled);

// Internal to labelled*.c: one report of fields, by name. NULL value: absent.
struct labelled_field {
    const char *name;
    const char *value; // as text; numbers as they were written
};

// Fills a row; texts are copied. 0, or -1 with field and reason.
int labelled_row(struct wh_arena *arena, const struct labelled_field *fields, size_t n,
                 struct match_row *ret_row, struct fault *ret_fault);

#endif
