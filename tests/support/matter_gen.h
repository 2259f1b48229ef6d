// SPDX-License-Identifier: Apache-2.0
// Civic matters of an invented city in space and time, for measuring the matcher: the same
// parameters make the same reports everywhere. Every text is written anew by a grammar
// (matter_text.c, matter_words.def); names of places are invented; seeds of another remainder by
// three share no place, and no two seeds a matter or report. Reports come in the order of time; a
// matter's first report and its copies (reworded, by others or by the same person again) share an
// event. Every first text stands at `twins` other places again, word for word but for the name:
// likenesses that are none.
#ifndef WH_TEST_MATTER_GEN_H
#define WH_TEST_MATTER_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "match/report.h"

// 0 in a field of matter_set_new's parameters: the default named here.
struct matter_params {
    uint64_t seed;      // 3: those of the built-in model are 1 and 4
    uint32_t reports;   // 100,000
    uint32_t places;    // 40,000 estates and streets
    uint32_t twins;     // 12 other places where each text stands too, one of them near by
    double side_km;     // 60: side of the city; six in ten places lie in 48 centres of sigma 2.5 km
    double days;        // 35: all reports lie in them, a matter's first one uniformly
    double sigma_m;     // 130: error of a place, on each axis
    double misplaced;   // 0.05 of the reports lie misplaced_m (sigma a quarter of it) away
    double misplaced_m; // 1,300
    double unlocated;   // 0.08 have no place
    double wrong;       // 0.15 have another category than the matter's
    double delay_days;  // 6: mean of the exponential delay of a copy after the first report
    double copies;      // 1/9 of the reports repeat an earlier one's matter
    double own;         // 0.20 of the copies are by the first one's reporter
    double burst;       // 0: this share of the matters is told in haste (below)
    int32_t radius_m;   // 500, every category's
    int32_t window_h;   // 840, every category's
};

// In haste: most copies come within minutes (30 in the mean) and from the spot (place error 0.35
// sigma), twice as often without a place, 1.7 times as often in another category; half of them are
// a short title and nothing else. Where burst is not 0, one family in eighty has a rush besides:
// two more matters, one of its kind but not its own, within minutes and 400 m of its first, in
// haste too, one in ten by the same reporter.

// One report. Strings live in it.
struct matter_report {
    int64_t id; // 1, 2, … in the order of time
    int64_t at; // ms UTC
    uint32_t event;
    uint8_t copy;     // 0: the matter's first report
    bool has_earlier; // an earlier report of the same event stands in the set
    bool located;
    double lat, lon;
    int32_t category, unit; // unit: the subdistrict, 4 km square, one in twenty a neighbour's
    uint64_t reporter;      // 0: unknown, in a quarter of them
    int32_t radius_m, window_h;
    char title[400], text[2000], address[400];
};

struct matter_set;

// The whole plan in memory (about 40 bytes a report); texts are made when asked for. Aborts without
// memory.
struct matter_set *matter_set_new(const struct matter_params *params);
void matter_set_free(struct matter_set *set);
const struct matter_params *matter_set_params(const struct matter_set *set); // defaults filled in
// i: 0 to params.reports - 1.
void matter_set_report(const struct matter_set *set, uint32_t i, struct matter_report *ret_report);
uint32_t matter_set_event(const struct matter_set *set, uint32_t i); // without making the texts
bool matter_set_has_earlier(const struct matter_set *set, uint32_t i);

// The report as the matcher takes it; borrows the report's strings.
struct match_input matter_input(const struct matter_report *report);
const char *matter_category(int32_t category);                          // its code, "" for 0
void matter_params_print(const struct matter_params *params, FILE *to); // one line
// One line of JSON as `whistle dedup evaluate` reads it.
void matter_json(const struct matter_report *report, FILE *to);

#endif
