// SPDX-License-Identifier: Apache-2.0
// Reading a text forwards and backwards, code point by code point, for mask*.c alone. Full-width
// digits count as digits. Decides what a digit is; what a number means is said in mask_number.c and
// mask_flat.c.
#ifndef WH_BASE_MASK_SCAN_H
#define WH_BASE_MASK_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

struct mask_text {
    const char *p;
    size_t n;
    size_t last_flat; // where the last flat found so far ends, SIZE_MAX: none ("502、503室")
};

// A run of digits at a place of the text.
struct mask_run {
    size_t from, to; // bytes
    size_t n;        // digits
    int digits[20];  // the first 20
};

// The code point at pos and where the next one begins. Past the end: 0 and pos. Not UTF-8: U+FFFD.
char32_t mask_at(const struct mask_text *text, size_t pos, size_t *ret_next);
// The code point before pos and where it begins; at the beginning: 0.
char32_t mask_before(const struct mask_text *text, size_t pos, size_t *ret_from);

int mask_digit(char32_t point);                    // 0 to 9, ASCII or full-width; else -1
int mask_chinese_digit(char32_t point);            // 〇零一幺二 … 九; else -1
bool mask_is_letter(char32_t point);               // A-Z a-z
bool mask_in(char32_t point, const char32_t *set); // 0 is in no set
size_t mask_skip(const struct mask_text *text, size_t pos, const char32_t *set, size_t max);
// Does the text go on with `word` at pos? Its end, else 0.
size_t mask_word(const struct mask_text *text, size_t pos, const char *word);
// Does the text before pos end with `word`? *ret_from: where it begins.
bool mask_word_before(const struct mask_text *text, size_t pos, const char *word, size_t *ret_from);
// Digits at pos without a break; n = 0 where there are none.
struct mask_run mask_read_run(const struct mask_text *text, size_t pos);

// The finders: does one begin at pos? *ret_end: its end in bytes. For a flat also where it begins,
// since "2-1-502" keeps its building and unit.
bool mask_find_id(const struct mask_text *text, size_t pos, size_t *ret_end);
bool mask_find_phone(const struct mask_text *text, size_t pos, size_t *ret_end);
bool mask_find_flat(const struct mask_text *text, size_t pos, size_t *ret_from, size_t *ret_end);

// What mask_flat.c asks of mask_place.c.
enum mask_place {
    MASK_PLACE_NONE,
    MASK_PLACE_WEAK,   // "东堤路18号502", "家属楼502", "小区3-502"
    MASK_PLACE_STRONG, // "12号楼502", "3单元502"
};
enum mask_place mask_place_before(const struct mask_text *text, size_t pos);
// Does the text before pos end with a unit or a door ("1单元", "2门")?
bool mask_unit_before(const struct mask_text *text, size_t pos);
// Is the number that ends at pos a count, a measure, a time of day ("14人", "502:")?
bool mask_counts_after(const struct mask_text *text, size_t pos);

#endif
