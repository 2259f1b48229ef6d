// SPDX-License-Identifier: Apache-2.0
// The input of `raise --file`: pieces read in libuv's thread pool, so that a slow pipe never stops
// the answers; lines cut out of them; a line too long is told and passed over.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lines.h"

// Takes whole lines out of the buffer while the ring has room.
void lines_take(struct lines *lines)
{
    while (lines->next - lines->first < RING && (lines->at < lines->n || lines->too_long)) {
        const char *text = lines->text + lines->at;
        size_t left = lines->n - lines->at;
        const char *end = memchr(text, '\n', left);
        if (!end && !lines->ended)
            break;
        size_t n = end ? (size_t)(end - text) : left;
        if (lines->too_long || n > LINE_MAX_BYTES)
            line_too_long(lines);
        else
            line_raise(lines, text, n);
        lines->too_long = false;
        lines->at += n + (end != NULL);
    }
    if (lines->n - lines->at > LINE_MAX_BYTES &&
        !memchr(lines->text + lines->at, '\n', lines->n - lines->at)) {
        lines->too_long = true; // its beginning need not be kept
        lines->at = lines->n;
    }
}

// Room for what was read, behind what is left.
static void keep(struct lines *lines, const char *data, size_t n)
{
    size_t left = lines->n - lines->at;
    if (left)
        memmove(lines->text, lines->text + lines->at, left);
    lines->at = 0;
    if (left + n > lines->room) {
        lines->room = 2 * (left + n);
        lines->text = must(realloc(lines->text, lines->room));
    }
    memcpy(lines->text + left, data, n);
    lines->n = left + n;
}

static void on_read(uv_fs_t *request)
{
    struct lines *lines = request->data;
    ssize_t n = request->result;
    uv_fs_req_cleanup(request);
    lines->reading = false;
    if (n <= 0) {
        lines->ended = true;
        if (n < 0) {
            (void)fprintf(stderr, "whistle: %s\n", uv_strerror((int)n));
            lines->worst = EXIT_USAGE;
        }
    } else {
        keep(lines, lines->chunk, (size_t)n);
    }
    lines_advance(lines);
}

void lines_read(struct lines *lines)
{
    bool full = lines->next - lines->first >= RING;
    size_t left = lines->n - lines->at;
    bool whole = left && memchr(lines->text + lines->at, '\n', left);
    if (lines->reading || lines->ended || full || whole)
        return;
    uv_buf_t buffer = uv_buf_init(lines->chunk, CHUNK);
    lines->read.data = lines;
    lines->reading = true;
    if (uv_fs_read(&lines->session->loop, &lines->read, lines->fd, &buffer, 1, -1, on_read) < 0)
        must(NULL);
}