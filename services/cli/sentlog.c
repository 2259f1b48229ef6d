// SPDX-License-Identifier: Apache-2.0
// One JSON array a line: [id, why]. A torn last line (killed while writing) is left out.
#include "cli/sentlog.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/output.h"

#define LOCK_S 60 // longer than a hand-over may take

struct sentlog {
    int fd;
    char path[1024];
    json_t *known; // id → why
};

void sentlog_load(struct sentlog *log)
{
    FILE *file = fopen(log->path, "re");
    char *line = NULL;
    size_t room = 0;
    while (file && getline(&line, &room, file) > 0) {
        json_t *entry = json_loads(line, 0, NULL);
        const char *id = json_string_value(json_array_get(entry, 0));
        const char *why = json_string_value(json_array_get(entry, 1));
        if (id && why)
            json_object_set_new(log->known, id, json_string(why));
        json_decref(entry);
    }
    free(line);
    if (file)
        (void)fclose(file);
}

// The lock belongs to the open file: a hand-over that outlives its killed sender (it shares the
// file) keeps it until its result is in the log.
static int take_lock(int fd)
{
    const struct timespec nap = {.tv_nsec = 20000000};
    for (int tries = 0; tries < LOCK_S * 50; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return WH_E_IO;
        nanosleep(&nap, NULL);
    }
    return WH_E_BUSY;
}

int sentlog_open(const char *path, struct sentlog **ret_log)
{
    struct sentlog *log = must(calloc(1, sizeof *log));
    (void)snprintf(log->path, sizeof log->path, "%s.sent", path);
    log->known = must(json_object());
    log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    int r = log->fd < 0 ? WH_E_IO : take_lock(log->fd);
    // A torn end must not swallow the next entry.
    if (r == 0 && lseek(log->fd, 0, SEEK_END) > 0 && write(log->fd, "\n", 1) != 1)
        r = WH_E_IO;
    if (r < 0) {
        sentlog_close(log);
        return r;
    }
    sentlog_load(log);
    *ret_log = log;
    return 0;
}

void sentlog_close(struct sentlog *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    json_decref(log->known);
    free(log);
}

bool sentlog_find(const struct sentlog *log, const char *id, const char **ret_why)
{
    const json_t *why = json_object_get(log->known, id);
    if (why)
        *ret_why = json_string_value(why);
    return why != NULL;
}

int sentlog_add(struct sentlog *log, const char *id, const char *why, bool durable)
{
    json_t *entry = must(json_pack("[s, s]", id, why));
    char *text = must(json_dumps(entry, JSON_LINE));
    size_t n = strlen(text);
    text[n] = '\n'; // the NUL's place: written with its length
    ssize_t wrote = write(log->fd, text, n + 1);
    free(text);
    json_decref(entry);
    if (wrote != (ssize_t)(n + 1) || (durable && fdatasync(log->fd) < 0))
        return WH_E_IO;
    json_object_set_new(log->known, id, json_string(why));
    return 0;
}

int sentlog_clear(struct sentlog *log)
{
    if (json_object_size(log->known) == 0)
        return 0;
    json_object_clear(log->known);
    return ftruncate(log->fd, 0) < 0 ? WH_E_IO : 0;
}
