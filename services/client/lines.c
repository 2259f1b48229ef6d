// SPDX-License-Identifier: Apache-2.0
// Reading files of facts line by line. A line longer than the buffer or with too many words is a
// fault, never cut silently.
#include "client/lines.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

int wh_lines_open(struct wh_lines *lines, const char *path, char *why, size_t why_n)
{
    memset(lines, 0, sizeof(*lines));
    lines->path = path;
    lines->why = why;
    lines->why_n = why_n;
    lines->file = fopen(path, "re");
    if (lines->file)
        return 0;
    if (why)
        (void)snprintf(why, why_n, "%s: %s", path, strerror(errno));
    return WH_E_IO;
}

void wh_lines_close(struct wh_lines *lines)
{
    if (lines->file)
        (void)fclose(lines->file);
    explicit_bzero(lines->text, sizeof(lines->text)); // may have held a secret key
    lines->file = NULL;
}

int wh_lines_wrong(struct wh_lines *lines, const char *what)
{
    if (lines->why)
        (void)snprintf(lines->why, lines->why_n, "%s:%u: %s", lines->path, lines->number, what);
    return WH_E_INVALID;
}

static int split(struct wh_lines *lines)
{
    char *save = NULL;

    lines->n_words = 0;
    for (char *word = strtok_r(lines->text, " \t\r\n", &save); word;
         word = strtok_r(NULL, " \t\r\n", &save)) {
        if (lines->n_words == WH_LINE_WORDS)
            return wh_lines_wrong(lines, "too many words");
        lines->words[lines->n_words++] = word;
    }
    // Z85 has a '#': a key at the start of a line that begins with one would silently be a comment.
    if (lines->n_words && lines->words[0][0] == '#') {
        if (lines->n_words > 1 && strlen(lines->words[0]) == 40)
            return wh_lines_wrong(lines, "a key that begins with '#' cannot stand first in a line");
        lines->n_words = 0;
    }
    return 0;
}

int wh_lines_next(struct wh_lines *lines)
{
    int rc;

    while (fgets(lines->text, sizeof(lines->text), lines->file)) {
        lines->number++;
        if (!strchr(lines->text, '\n') && !feof(lines->file)) {
            if (lines->text[0] != '#')
                return wh_lines_wrong(lines, "line too long");
            for (int c = fgetc(lines->file); c != '\n' && c != EOF; c = fgetc(lines->file))
                ;
            continue;
        }
        // a comment may have any number of words
        if (lines->text[0] == '#' && strcspn(lines->text, " \t\r\n") != 40)
            continue;
        rc = split(lines);
        if (rc < 0)
            return rc;
        if (lines->n_words)
            return 1;
    }
    if (!ferror(lines->file))
        return 0;
    if (lines->why)
        (void)snprintf(lines->why, lines->why_n, "%s: cannot be read", lines->path);
    return WH_E_IO;
}
