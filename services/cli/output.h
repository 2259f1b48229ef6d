// SPDX-License-Identifier: Apache-2.0
// What a person reads: tables that align with Chinese wide characters, colours only on a terminal
// and never as the only sign, times as a countdown. Also what keeps a terminal safe: text that
// others wrote is printed without control characters.
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum tone { TONE_PLAIN, TONE_STRONG, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD };

// Columns a text takes in a terminal: East Asian wide characters 2, combining ones 0. Invalid UTF-8
// counts one a byte.
size_t width_of(const char *text);
// Copies as much as fits into `columns`, ending in "…" where something was cut; control characters
// become spaces. Always ends with NUL; cuts between characters only.
void width_fit(const char *text, size_t columns, char *ret_text, size_t n);

// Colours are used from now on or not (colour_wanted: standard output is a terminal, NO_COLOR unset
// or empty, TERM not "dumb").
void colour_use(bool on);
bool colour_wanted(void);
const char *colour_on(enum tone tone);
const char *colour_off(enum tone tone);

// Prints in a tone, control characters as spaces (newlines kept where `lines`).
void say_tone(FILE *to, enum tone tone, const char *text);
void say_clean(FILE *to, const char *text, bool lines);

// "4 分 30 秒", "2 小时 5 分", "3 天 4 小时" / "4 min 30 s", …; of the absolute value. Units: ms.
void span_text(int64_t ms, char *ret_text, size_t n);
// "90s", "30m", "1h", "2d", "0" as a person types it, in ms; -1 where it is none or over 10,000.
int64_t span_read(const char *text);
// "还有 4 分 30 秒" or "已超时 2 分" / "4 min 30 s left" or "2 min late". Units: ms until it is
// due.
void countdown_text(int64_t ms, char *ret_text, size_t n);

struct table;

// headers: n texts, NULL-free. The last column is never padded.
struct table *table_new(const char *const *headers, size_t n);
void table_free(struct table *table);
// A new row, empty; then cells from left to right.
void table_row(struct table *table);
void table_cell(struct table *table, enum tone tone, const char *text);
// Each line begins with `indent` spaces. A table without rows prints nothing.
void table_print(const struct table *table, FILE *to, int indent);
void table_print_body(const struct table *table, FILE *to, int indent); // without the headers
size_t table_rows(const struct table *table);

// How every line of JSON is written: no blanks; 15 digits, so that 39.0966 stays 39.0966.
#define JSON_LINE (JSON_COMPACT | JSON_REAL_PRECISION(15))

// Memory or the end: a command line has nothing to save.
void *must(void *memory);

#endif
