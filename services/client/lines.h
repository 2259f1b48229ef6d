// SPDX-License-Identifier: Apache-2.0
// Plain text files of facts: one a line, words between blanks, '#' begins a comment line. Gives the
// words of each line with its number, and makes the complaint "FILE:LINE: what is wrong".
#ifndef WH_CLIENT_LINES_H
#define WH_CLIENT_LINES_H

#include <stddef.h>
#include <stdio.h>

#define WH_LINE_WORDS 8

struct wh_lines {
    const char *path;
    FILE *file;
    unsigned number;
    char text[2048];
    char *words[WH_LINE_WORDS];
    size_t n_words;
    char *why;
    size_t why_n;
};

// 0 or WH_E_IO with `why` set (why may be NULL).
int wh_lines_open(struct wh_lines *lines, const char *path, char *why, size_t why_n);
void wh_lines_close(struct wh_lines *lines);
// 1: words are set; 0: end; negative WH_E_… with `why` set.
int wh_lines_next(struct wh_lines *lines);
// Sets `why`, returns WH_E_INVALID.
int wh_lines_wrong(struct wh_lines *lines, const char *what);

#endif
