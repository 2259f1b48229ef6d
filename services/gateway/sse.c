// SPDX-License-Identifier: Apache-2.0
// Every block ends with an empty line. A block without data moves the id and is no event.
#include "gateway/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 32
#define FIRST 512

void sse_done(struct sse *text)
{
    free(text->p);
    *text = (struct sse){0};
}

static int room(struct sse *text, size_t n)
{
    size_t cap = text->cap == 0 ? FIRST : text->cap;
    while (cap < text->n + n + 1)
        cap *= 2;
    if (cap == text->cap)
        return 0;
    char *grown = realloc(text->p, cap);
    if (grown == NULL)
        return WH_E_NOMEM;
    text->p = grown;
    text->cap = cap;
    return 0;
}

static void put(struct sse *text, const char *p, size_t n)
{
    memcpy(text->p + text->n, p, n);
    text->n += n;
    text->p[text->n] = '\0';
}

int sse_add(struct sse *text, const char *words)
{
    size_t n = strlen(words);
    if (room(text, n) != 0)
        return WH_E_NOMEM;
    put(text, words, n);
    return 0;
}

int sse_event(struct sse *text, int64_t seq, const char *json, size_t n)
{
    char head[DIGITS + 16];
    int head_n = snprintf(head, sizeof head, "id: %lld\ndata: ", (long long)seq);
    if (room(text, (size_t)head_n + n + 2) != 0)
        return WH_E_NOMEM;
    put(text, head, (size_t)head_n);
    put(text, json, n);
    put(text, "\n\n", 2);
    return 0;
}

int sse_mark(struct sse *text, int64_t seq)
{
    char line[DIGITS + 16];
    (void)snprintf(line, sizeof line, ":\nid: %lld\n\n", (long long)seq);
    return sse_add(text, line);
}

int sse_rewound(struct sse *text, int64_t seq)
{
    char lines[2 * DIGITS + 64];
    (void)snprintf(lines, sizeof lines, "event: rewound\nid: %lld\ndata: {\"head\":%lld}\n\n",
                   (long long)seq, (long long)seq);
    return sse_add(text, lines);
}

int sse_id_read(struct wh_str id, int64_t *ret_seq)
{
    int64_t seq = 0;
    if (id.n == 0 || id.n > 18)
        return WH_E_INVALID;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] < '0' || id.p[i] > '9')
            return WH_E_INVALID;
        seq = seq * 10 + (id.p[i] - '0');
    }
    *ret_seq = seq;
    return 0;
}
