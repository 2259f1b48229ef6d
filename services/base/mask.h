// SPDX-License-Identifier: Apache-2.0
// Finds personal data in Chinese free text: citizen ID numbers, telephone numbers, flat and room
// numbers. It decides where they stand, not who may read them. Building, unit and road numbers,
// counts, depths and times of day stay readable, since those who come must find the place. Digits
// may be ASCII or full-width; rules and their limits are told in mask_number.c and mask_flat.c.
#ifndef WH_BASE_MASK_H
#define WH_BASE_MASK_H

#include <stddef.h>

#include "base/arena.h"

enum wh_mask_kind { // bits
    WH_MASK_ID = 1,
    WH_MASK_PHONE = 2,
    WH_MASK_FLAT = 4,
    WH_MASK_ALL = 7,
};

struct wh_mask_span {
    unsigned kind;   // one bit of enum wh_mask_kind (several only in a last, joined span)
    size_t from, to; // bytes [from, to)
};

// Writes at most max (> 0) spans, sorted, not overlapping; returns their number. Where the text
// holds more, the last span is widened to the end of the last find and carries all their kinds: too
// much is hidden rather than too little. Bytes that are not UTF-8 are skipped.
size_t wh_mask_find(const char *text, size_t len, struct wh_mask_span *ret, size_t max);

// Copies the text into the arena (NUL-terminated) with every span that has a kind in `kinds`
// replaced by 「[身份证]」「[电话]」「[房号]」 (without the corner brackets; a joined span:
// 「[已隐去]」). 0, WH_E_NOMEM, WH_E_INVALID (spans not sorted or outside the text).
int wh_mask_apply(struct wh_arena *arena, const char *text, size_t len,
                  const struct wh_mask_span *spans, size_t n, unsigned kinds, const char **ret_text,
                  size_t *ret_len);

#endif
