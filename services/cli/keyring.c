// SPDX-License-Identifier: Apache-2.0
// Editing the keyring.
#include "cli/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/file.h"
#include "cli/output.h"
#include "client/keys.h"

#define LABEL "#label "
#define PREFIX_MIN 8

static struct keyring_line *line_new(struct keyring_file *file)
{
    if (file->n == file->room) {
        file->room = file->room ? 2 * file->room : 64;
        file->lines = must(realloc(file->lines, file->room * sizeof *file->lines));
    }
    struct keyring_line *line = &file->lines[file->n++];
    *line = (struct keyring_line){0};
    return line;
}

static void line_split(struct keyring_line *line)
{
    char *copy = must(strdup(line->text)), *rest = copy, *words[5] = {0}, *word;
    size_t n = 0;
    while (n < 5 && (word = strsep(&rest, " \t\r")))
        if (*word)
            words[n++] = word;
    if (n >= 3 && words[0][0] != '#') {
        line->public_key = must(strdup(words[0]));
        line->identity = must(strdup(words[1]));
        line->roles = must(strdup(words[2]));
        line->from = must(strdup(n > 3 ? words[3] : "-"));
        line->until = must(strdup(n > 4 ? words[4] : "-"));
        line->label = must(strdup(""));
    }
    free(copy);
}

// Gives keys the labels that stand in comments, wherever.
static void labels_take(struct keyring_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        const char *text = file->lines[i].text;
        size_t n = sizeof LABEL - 1;
        if (!text || strncmp(text, LABEL, n) != 0 || strcspn(text + n, " ") + 1 >= strlen(text + n))
            continue;
        char key[WH_KEY_Z85] = "";
        memcpy(key, text + n, strnlen(text + n, WH_KEY_Z85 - 1));
        struct keyring_line *line = keyring_file_find(file, key);
        if (!line)
            continue;
        free(line->label);
        line->label = must(strdup(text + n + strcspn(text + n, " ") + 1));
    }
}

int keyring_file_read(const char *path, struct keyring_file *ret_file)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    *ret_file = (struct keyring_file){0};
    FILE *from = fopen(path, "re");
    if (!from)
        return errno == ENOENT ? 0 : -1;
    while ((n = getline(&text, &room, from)) > 0) {
        if (text[n - 1] == '\n')
            text[n - 1] = '\0';
        struct keyring_line *line = line_new(ret_file);
        line->text = must(strdup(text));
        line_split(line);
    }
    free(text);
    labels_take(ret_file);
    return fclose(from);
}

void keyring_file_done(struct keyring_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        struct keyring_line *line = &file->lines[i];
        free(line->text);
        free(line->public_key);
        free(line->identity);
        free(line->roles);
        free(line->from);
        free(line->until);
        free(line->label);
    }
    free(file->lines);
    *file = (struct keyring_file){0};
}

int keyring_lock(const char *path)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
                   slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? flock(fd, LOCK_EX) : -1; // the lock goes with the process
}

static void put_lines(FILE *to, const void *arg)
{
    const struct keyring_file *file = arg;
    for (size_t i = 0; i < file->n; i++) {
        const struct keyring_line *line = &file->lines[i];
        if (!line->public_key) {
            (void)fprintf(to, "%s\n", line->text);
            continue;
        }
        if (*line->label && !line->text) // a new line: its label is not in the file yet
            (void)fprintf(to, LABEL "%s %s\n", line->public_key, line->label);
        (void)fprintf(to, "%s %s %s %s %s\n", line->public_key, line->identity, line->roles,
                      line->from, line->until);
    }
}

int keyring_file_write(const char *path, const struct keyring_file *file)
{
    return file_edit(path, put_lines, file);
}

struct keyring_line *keyring_file_find(const struct keyring_file *file, const char *public_key)
{
    for (size_t i = 0; i < file->n; i++)
        if (file->lines[i].public_key && strcmp(file->lines[i].public_key, public_key) == 0)
            return &file->lines[i];
    return NULL;
}

bool keyring_file_has(const struct keyring_file *file, const char *public_key)
{
    return keyring_file_find(file, public_key) != NULL;
}

void keyring_file_add(struct keyring_file *file, const struct keyring_line *from)
{
    struct keyring_line *line = line_new(file);
    line->public_key = must(strdup(from->public_key));
    line->identity = must(strdup(from->identity));
    line->roles = must(strdup(from->roles));
    line->from = must(strdup(from->from));
    line->until = must(strdup(from->until));
    line->label = must(strdup(from->label ? from->label : ""));
    file->changed = true;
}

bool keyring_line_means(const struct keyring_line *line, const char *who)
{
    if (!line->public_key)
        return false;
    return strcmp(line->identity, who) == 0 || (*who && strcmp(line->label, who) == 0) ||
           (strlen(who) >= PREFIX_MIN && strncmp(line->public_key, who, strlen(who)) == 0);
}

bool keyring_line_end(struct keyring_file *file, struct keyring_line *line, const char *until)
{
    int64_t end, was;
    if (wh_rfc3339_parse(until, &end) < 0 ||
        (wh_rfc3339_parse(line->until, &was) == 0 && was <= end))
        return false;
    free(line->until);
    line->until = must(strdup(until));
    return file->changed = true;
}

bool keyring_line_live(const struct keyring_line *line, int64_t now)
{
    int64_t from, until;
    if (wh_rfc3339_parse(line->from, &from) == 0 && now < from)
        return false;
    return !(wh_rfc3339_parse(line->until, &until) == 0 && now >= until);
}
