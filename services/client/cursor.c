// SPDX-License-Identifier: Apache-2.0
// A cursor in a file of one line, "SEQ HASH" in decimal and hex ("-" without hash). Written to a
// temporary name, made durable, then renamed: after any crash the file is the old or the new one.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "client/follow.h"

#define LINE_MAX_CHARS 128

static int parse(const char *text, struct wh_cursor *ret_cursor)
{
    struct wh_cursor cursor = {0};
    char *end;
    size_t n = 0;

    errno = 0;
    cursor.seq = strtoll(text, &end, 10);
    if (errno || end == text || *end != ' ' || cursor.seq < 0)
        return WH_E_INVALID;
    end++;
    if (strcmp(end, "-\n") != 0) {
        if (strlen(end) != 2 * WH_HASH_SIZE + 1 || end[2 * WH_HASH_SIZE] != '\n' ||
            sodium_hex2bin(cursor.hash, sizeof(cursor.hash), end, 2 * WH_HASH_SIZE, NULL, &n,
                           NULL) < 0 ||
            n != WH_HASH_SIZE)
            return WH_E_INVALID;
        cursor.has_hash = true;
    }
    *ret_cursor = cursor;
    return 0;
}

int wh_cursor_read(const char *path, struct wh_cursor *ret_cursor)
{
    char text[LINE_MAX_CHARS + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT ? WH_E_NOTFOUND : WH_E_IO;
    n = read(fd, text, LINE_MAX_CHARS);
    close(fd);
    return n < 0 ? WH_E_IO : parse(text, ret_cursor);
}

int wh_cursor_write(const char *path, const struct wh_cursor *cursor)
{
    char temporary[4096], text[LINE_MAX_CHARS], hex[2 * WH_HASH_SIZE + 1] = "-";
    int fd, n;
    bool good;

    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return WH_E_INVALID;
    if (cursor->has_hash)
        sodium_bin2hex(hex, sizeof(hex), cursor->hash, sizeof(cursor->hash));
    n = snprintf(text, sizeof(text), "%" PRId64 " %s\n", cursor->seq, hex);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return WH_E_IO;
    good = write(fd, text, (size_t)n) == n && fdatasync(fd) == 0;
    good = close(fd) == 0 && good;
    return good && rename(temporary, path) == 0 ? 0 : WH_E_IO;
}
