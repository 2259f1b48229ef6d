// SPDX-License-Identifier: Apache-2.0
// `raise --file` inside: a ring of lines in hand, and where each of them stands.
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <uv.h>

#include "cli/raise.h"

#define RING 1024 // lines in hand
#define CHUNK 65536
#define LINE_MAX_BYTES (1u << 20)

// RAISING: the call is out; HELD: the call waits (its request id is out already, or there is no
// room); RESTING: acknowledged, dispatch is asked again later; ASKING: it is being asked.
enum step { STEP_FREE, STEP_RAISING, STEP_HELD, STEP_RESTING, STEP_ASKING, STEP_DONE };

struct lines;

struct slot {
    struct lines *lines;
    enum step step;
    unsigned long line;
    char number[80], state[32];
    int64_t ask_at, until; // ms: when to ask dispatch again; when to give up
    int64_t pause;
    struct raising raising; // bytes: until the call is out
    json_t *output;
    int code;
};

struct lines {
    struct cli *cli;
    struct session *session;
    struct slot ring[RING];
    unsigned long first, next; // lines printed, lines taken: ring positions modulo RING
    bool wait;
    int worst;
    int fd;
    uv_fs_t read;
    uv_timer_t tick;
    bool reading, ended, too_long, done;
    char *text; // what was read; [at, n) is not yet taken
    size_t at, n, room;
    unsigned long counted; // lines of the input
    char chunk[CHUNK];
};

// lines.c: a line begins; it is printed when its turn comes.
void line_raise(struct lines *lines, const char *text, size_t n);
void line_too_long(struct lines *lines);
// Prints what is ready, takes new lines, reads on, sees the end.
void lines_advance(struct lines *lines);

// lines_read.c: whole lines out of the buffer while the ring has room; the next piece of the input.
void lines_take(struct lines *lines);
void lines_read(struct lines *lines);

#endif
