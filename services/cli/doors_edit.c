// SPDX-License-Identifier: Apache-2.0
// Editing a doors file when a service's key changes. Lines that are no door or feed stay as they
// are. Decides nothing about when.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/key.h"
#include "cli/output.h"

struct lines {
    char **text;
    size_t n, room;
};

static void lines_add(struct lines *lines, char *text)
{
    if (lines->n == lines->room) {
        lines->room = lines->room ? 2 * lines->room : 32;
        lines->text = must(realloc(lines->text, lines->room * sizeof *lines->text));
    }
    lines->text[lines->n++] = text;
}

static void lines_done(struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        free(lines->text[i]);
    free(lines->text);
}

static int lines_read(const char *path, struct lines *ret_lines)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    *ret_lines = (struct lines){0};
    FILE *from = fopen(path, "re");
    if (!from)
        return -1;
    while ((n = getline(&text, &room, from)) > 0) {
        text[strcspn(text, "\n")] = '\0';
        lines_add(ret_lines, must(strdup(text)));
    }
    free(text);
    return fclose(from);
}

static void put(FILE *to, const void *arg)
{
    const struct lines *lines = arg;
    for (size_t i = 0; i < lines->n; i++)
        (void)fprintf(to, "%s\n", lines->text[i]);
}

// What stands before the key: "door NAME ENDPOINTS"; and the key. False: no such line.
static bool parts(const char *line, char ret_head[1024], char ret_key[64])
{
    char kind[8], name[32], ends[900];
    if (sscanf(line, " %7s %31s %899s %63s", kind, name, ends, ret_key) != 4 || kind[0] == '#')
        return false;
    (void)snprintf(ret_head, 1024, "%s %s %s", kind, name, ends);
    return true;
}

int doors_add_key(const char *path, const char *old_key, const char *new_key, bool replace)
{
    struct lines was, becomes = {0};
    char head[1024], key[64];
    int added = 0;
    if (lines_read(path, &was) < 0)
        return -1;
    for (size_t i = 0; i < was.n; i++) {
        bool ours = parts(was.text[i], head, key) && strcmp(key, old_key) == 0;
        if (!ours || !replace)
            lines_add(&becomes, must(strdup(was.text[i])));
        if (!ours)
            continue;
        char line[1200];
        (void)snprintf(line, sizeof line, "%s %s", head, new_key);
        lines_add(&becomes, must(strdup(line)));
        added++;
    }
    if (added && file_edit(path, put, &becomes) < 0)
        added = -1;
    lines_done(&was);
    lines_done(&becomes);
    return added;
}

// Another line of the same kind and name follows or came before, and its key has not ended.
static bool has_other(const struct lines *lines, size_t at, const char *head,
                      bool (*ended)(const void *arg, const char *key), const void *arg)
{
    char other[1024], key[64];
    size_t n = (size_t)(strrchr(head, ' ') - head);
    for (size_t i = 0; i < lines->n; i++)
        if (i != at && parts(lines->text[i], other, key) && strncmp(other, head, n + 1) == 0 &&
            !ended(arg, key))
            return true;
    return false;
}

int doors_drop_keys(const char *path, bool (*ended)(const void *arg, const char *key),
                    const void *arg)
{
    struct lines was, becomes = {0};
    char head[1024], key[64];
    int dropped = 0;
    if (lines_read(path, &was) < 0)
        return errno == ENOENT ? 0 : -1;
    for (size_t i = 0; i < was.n; i++) {
        if (parts(was.text[i], head, key) && ended(arg, key) &&
            has_other(&was, i, head, ended, arg))
            dropped++;
        else
            lines_add(&becomes, must(strdup(was.text[i])));
    }
    if (dropped && file_edit(path, put, &becomes) < 0)
        dropped = -1;
    lines_done(&was);
    lines_done(&becomes);
    return dropped;
}
