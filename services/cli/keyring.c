// SPDX-License-Identifier: Apache-2.0
// Editing the keyring.
#include "cli/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/output.h"

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
    }
    free(copy);
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
    }
    free(file->lines);
    *file = (struct keyring_file){0};
}

static int write_lines(int fd, const struct keyring_file *file)
{
    FILE *to = fdopen(fd, "w");
    if (!to) {
        close(fd);
        return -1;
    }
    for (size_t i = 0; i < file->n; i++) {
        const struct keyring_line *line = &file->lines[i];
        if (line->public_key)
            (void)fprintf(to, "%s %s %s %s %s\n", line->public_key, line->identity, line->roles,
                          line->from, line->until);
        else
            (void)fprintf(to, "%s\n", line->text);
    }
    int bad = fflush(to) != 0 || ferror(to) || fsync(fileno(to)) < 0;
    return fclose(to) != 0 || bad ? -1 : 0;
}

int keyring_file_write(const char *path, const struct keyring_file *file)
{
    char temporary[1024];
    struct stat before;
    mode_t mode = stat(path, &before) == 0 ? before.st_mode & 0777 : 0644;
    (void)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    if (fchmod(fd, mode) < 0 || write_lines(fd, file) < 0 || rename(temporary, path) < 0) {
        unlink(temporary);
        return -1;
    }
    return 0;
}

bool keyring_file_has(const struct keyring_file *file, const char *public_key)
{
    for (size_t i = 0; i < file->n; i++)
        if (file->lines[i].public_key && strcmp(file->lines[i].public_key, public_key) == 0)
            return true;
    return false;
}

void keyring_file_add(struct keyring_file *file, const char *public_key, const char *identity,
                      const char *roles, const char *from, const char *until)
{
    struct keyring_line *line = line_new(file);
    line->public_key = must(strdup(public_key));
    line->identity = must(strdup(identity));
    line->roles = must(strdup(roles));
    line->from = must(strdup(from));
    line->until = must(strdup(until));
    file->changed = true;
}

size_t keyring_file_end(struct keyring_file *file, const char *who, const char *until)
{
    size_t ended = 0;
    int64_t end, was;
    if (wh_rfc3339_parse(until, &end) < 0)
        return 0;
    for (size_t i = 0; i < file->n; i++) {
        struct keyring_line *line = &file->lines[i];
        if (!line->public_key ||
            (strcmp(line->public_key, who) != 0 && strcmp(line->identity, who) != 0))
            continue;
        if (wh_rfc3339_parse(line->until, &was) == 0 && was <= end)
            continue;
        free(line->until);
        line->until = must(strdup(until));
        file->changed = true;
        ended++;
    }
    return ended;
}

bool keyring_line_live(const struct keyring_line *line, int64_t now)
{
    int64_t from, until;
    if (wh_rfc3339_parse(line->from, &from) == 0 && now < from)
        return false;
    return !(wh_rfc3339_parse(line->until, &until) == 0 && now >= until);
}
