// SPDX-License-Identifier: Apache-2.0
// What text from outside must look like: UTF-8 as Unicode defines it (no overlong forms, no
// surrogates, nothing above U+10FFFF), no control characters, not too long; and codes
// ("identifiers") of a small alphabet. Decides validity only; meaning, masking and normalising live
// elsewhere.
#ifndef WH_BASE_TEXT_H
#define WH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// A borrowed piece of text, not NUL-terminated.
struct wh_str {
    const char *p;
    size_t n; // bytes
};

struct wh_str wh_str(const char *text); // NULL gives an empty one
struct wh_str wh_str_n(const char *text, size_t n);
bool wh_str_eq(struct wh_str a, struct wh_str b);
int wh_str_cmp(struct wh_str a, struct wh_str b); // bytewise, like strcmp: <0, 0, >0
bool wh_str_starts(struct wh_str text, struct wh_str head);
bool wh_str_ends(struct wh_str text, struct wh_str tail);
// Byte offset of the first `part`, SIZE_MAX where there is none. An empty part is found at 0.
size_t wh_str_find(struct wh_str text, struct wh_str part);
// Without ASCII white space at both ends.
struct wh_str wh_str_trim(struct wh_str text);
// Cuts the piece up to the next `sep` (or the end) off the front of *rest; false at the end.
bool wh_str_split(struct wh_str *rest, char sep, struct wh_str *ret_piece);

// Reads one code point from n > 0 bytes. Width 1 to 4, or 0 where the bytes are not valid UTF-8.
size_t wh_utf8_decode(const char *p, size_t n, uint32_t *ret_point);
bool wh_utf8_valid(const char *p, size_t n);
// Code points; every byte that cannot be read counts as one.
size_t wh_utf8_chars(const char *p, size_t n);
// The longest length <= max_bytes that does not cut a code point (for shortening valid text).
size_t wh_utf8_cut(const char *p, size_t n, size_t max_bytes);

// Free text: valid UTF-8, no NUL, no control characters (C0, DEL, C1) but \n and \t, at most
// max_chars code points. Empty text passes. 0, or WH_E_INVALID (rule FIELD_UTF8 or FIELD_NUL),
// WH_E_RANGE (FIELD_LENGTH); ret_rule may be NULL and is untouched on success.
int wh_text_check(const char *p, size_t n, size_t max_chars, enum wh_rule *ret_rule);

// A code: A-Z a-z 0-9 _ - . only, 1 to max characters, the first one a letter or digit.
// 0, or WH_E_INVALID (FIELD_FORMAT), WH_E_RANGE (FIELD_MISSING when empty, else FIELD_LENGTH).
int wh_ident_check(const char *p, size_t n, size_t max, enum wh_rule *ret_rule);

#endif
