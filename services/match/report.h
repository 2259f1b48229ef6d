// SPDX-License-Identifier: Apache-2.0
// One report as the matcher sees it: a flat blob without pointers (it lives in the index and is
// stored as bytes), made of a report's text, place, time and reporter. It decides nothing; what two
// reports have in common is verdict.h, where similar ones are found is simindex.h. The raw text is
// not kept here.
#ifndef WH_MATCH_REPORT_H
#define WH_MATCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MATCH_REPORT_MAX 4096 // bytes of the largest blob, whatever the text

// What a report says. Texts: valid UTF-8 of any script and length, borrowed, NULL is empty. lat,
// lon: degrees WGS84; absurd ones (not finite, out of range, 0/0) count as not located. category,
// unit: the caller's integers, 0 unknown. reporter: head of a keyed hash, 0 unknown. radius_m,
// window_h: the category's, 0: the model's defaults.
struct match_input {
    int64_t id;
    int64_t at; // ms UTC
    const char *title, *text, *address;
    bool located;
    double lat, lon;
    int32_t category, unit;
    uint64_t reporter;
    int32_t radius_m, window_h;
};

struct match_report;
struct match_maker; // scratch memory for making reports, one a thread

struct match_maker *match_maker_new(void); // NULL without memory
void match_maker_free(struct match_maker *maker);

// The report's blob in the maker, valid until its next call. The same input gives the same bytes
// everywhere and always (they are stored). 0, WH_E_NOMEM.
int match_report_make(struct match_maker *maker, const struct match_input *in,
                      const struct match_report **ret_report);

size_t match_report_size(const struct match_report *report); // bytes of the blob
int64_t match_report_id(const struct match_report *report);
int64_t match_report_at(const struct match_report *report);
// Is this blob whole? For rows read back.
bool match_report_valid(const void *data, size_t n);

// The longest pieces of `in` (a report's own title and text) that stand in `other` too, joined by
// " ", cut at a character; "" where there are none. For people to read, raw text as it was written.
void match_shared_words(struct match_maker *maker, const struct match_input *in,
                        const struct match_report *other, char *ret_words, size_t room);

#endif
