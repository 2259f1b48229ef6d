// SPDX-License-Identifier: Apache-2.0
// Walks a text once and asks the finders at every place where a number may begin; cuts the finds
// out. Decides order (ID before telephone before flat) and that finds never overlap.
#include "base/mask.h"

#include <string.h>

#include "base/error.h"
#include "base/mask_scan.h"
#include "base/text.h"

char32_t mask_at(const struct mask_text *text, size_t pos, size_t *ret_next)
{
    uint32_t point = 0;
    if (pos >= text->n) {
        *ret_next = pos;
        return 0;
    }
    size_t width = wh_utf8_decode(text->p + pos, text->n - pos, &point);
    *ret_next = pos + (width ? width : 1);
    return width ? point : 0xFFFD;
}

char32_t mask_before(const struct mask_text *text, size_t pos, size_t *ret_from)
{
    size_t next;
    *ret_from = pos;
    if (pos == 0)
        return 0;
    for (size_t back = 1; back <= 4 && back <= pos; back++) {
        char32_t point = mask_at(text, pos - back, &next);
        if (next == pos && (point != 0xFFFD || back == 3)) {
            *ret_from = pos - back;
            return point;
        }
    }
    *ret_from = pos - 1;
    return 0xFFFD;
}

int mask_digit(char32_t point)
{
    if (point >= U'0' && point <= U'9')
        return (int)(point - U'0');
    if (point >= U'０' && point <= U'９')
        return (int)(point - U'０');
    return -1;
}

// A switch, since this is asked of every character of every text.
int mask_chinese_digit(char32_t point)
{
    switch (point) {
    case U'〇':
    case U'零':
        return 0;
    case U'一':
    case U'幺':
        return 1;
    case U'二':
        return 2;
    case U'三':
        return 3;
    case U'四':
        return 4;
    case U'五':
        return 5;
    case U'六':
        return 6;
    case U'七':
        return 7;
    case U'八':
        return 8;
    case U'九':
        return 9;
    default:
        return -1;
    }
}

bool mask_is_letter(char32_t point)
{
    return (point >= U'A' && point <= U'Z') || (point >= U'a' && point <= U'z');
}

bool mask_in(char32_t point, const char32_t *set)
{
    for (; *set; set++) {
        if (*set == point)
            return true;
    }
    return false;
}

size_t mask_skip(const struct mask_text *text, size_t pos, const char32_t *set, size_t max)
{
    size_t next;
    for (; max > 0 && mask_in(mask_at(text, pos, &next), set); max--)
        pos = next;
    return pos;
}

size_t mask_word(const struct mask_text *text, size_t pos, const char *word)
{
    size_t n = strlen(word);
    if (pos > text->n || text->n - pos < n || memcmp(text->p + pos, word, n) != 0)
        return 0;
    return pos + n;
}

bool mask_word_before(const struct mask_text *text, size_t pos, const char *word, size_t *ret_from)
{
    size_t n = strlen(word);
    if (pos < n || memcmp(text->p + pos - n, word, n) != 0)
        return false;
    *ret_from = pos - n;
    return true;
}

struct mask_run mask_read_run(const struct mask_text *text, size_t pos)
{
    struct mask_run run = {.from = pos, .to = pos};
    size_t next;
    for (;;) {
        int digit = mask_digit(mask_at(text, run.to, &next));
        if (digit < 0)
            return run;
        if (run.n < sizeof run.digits / sizeof run.digits[0])
            run.digits[run.n] = digit;
        run.n++;
        run.to = next;
    }
}

// What begins at pos; kind 0 where nothing does.
static struct wh_mask_span find_at(const struct mask_text *text, size_t pos)
{
    struct wh_mask_span span = {.from = pos};
    if (mask_find_id(text, pos, &span.to))
        span.kind = WH_MASK_ID;
    else if (mask_find_phone(text, pos, &span.to))
        span.kind = WH_MASK_PHONE;
    else if (mask_find_flat(text, pos, &span.from, &span.to))
        span.kind = WH_MASK_FLAT;
    return span;
}

// Inside a run of Chinese digits nothing begins (ASCII runs are skipped by the walk itself).
static bool may_begin(const struct mask_text *text, size_t pos, char32_t point)
{
    size_t from;
    if (mask_chinese_digit(point) >= 0)
        return mask_chinese_digit(mask_before(text, pos, &from)) < 0;
    return mask_digit(point) >= 0 || mask_is_letter(point) || point == U'+' || point == U'＋' ||
           point == U'(' || point == U'（' || point == U'两';
}

size_t wh_mask_find(const char *p, size_t len, struct wh_mask_span *ret, size_t max)
{
    struct mask_text text = {p, len, SIZE_MAX};
    size_t n = 0, next;
    for (size_t pos = 0; pos < len; pos = next) {
        char32_t point = mask_at(&text, pos, &next);
        if (!may_begin(&text, pos, point))
            continue;
        struct wh_mask_span span = find_at(&text, pos);
        if (span.kind == 0) {
            if (mask_digit(point) >= 0)
                next = mask_read_run(&text, pos).to; // nothing begins inside a run
            continue;
        }
        next = span.to;
        if (span.kind == WH_MASK_FLAT)
            text.last_flat = span.to;
        if (n < max) {
            ret[n++] = span;
        } else if (max > 0) {
            ret[n - 1].kind |= span.kind;
            ret[n - 1].to = span.to;
        }
    }
    return n;
}

static const char *label(unsigned kind)
{
    switch (kind) {
    case WH_MASK_ID:
        return "[身份证]";
    case WH_MASK_PHONE:
        return "[电话]";
    case WH_MASK_FLAT:
        return "[房号]";
    default:
        return "[已隐去]";
    }
}

static bool spans_valid(const struct wh_mask_span *spans, size_t n, size_t len)
{
    size_t end = 0;
    for (size_t i = 0; i < n; i++) {
        if (spans[i].from < end || spans[i].to < spans[i].from || spans[i].to > len)
            return false;
        end = spans[i].to;
    }
    return true;
}

static size_t put(char *to, size_t at, const char *from, size_t n)
{
    if (to && n > 0)
        memcpy(to + at, from, n);
    return at + n;
}

// Writes the masked text to `to`, or only measures it where `to` is NULL.
static size_t write_masked(char *to, struct wh_str text, const struct wh_mask_span *spans, size_t n,
                           unsigned kinds)
{
    size_t at = 0, done = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(spans[i].kind & kinds))
            continue;
        at = put(to, at, text.p + done, spans[i].from - done);
        at = put(to, at, label(spans[i].kind), strlen(label(spans[i].kind)));
        done = spans[i].to;
    }
    return text.n > done ? put(to, at, text.p + done, text.n - done) : at;
}

int wh_mask_apply(struct wh_arena *arena, const char *text, size_t len,
                  const struct wh_mask_span *spans, size_t n, unsigned kinds, const char **ret_text,
                  size_t *ret_len)
{
    if (!spans_valid(spans, n, len))
        return WH_E_INVALID;
    struct wh_str whole = {text, len};
    size_t size = write_masked(NULL, whole, spans, n, kinds);
    char *masked = wh_arena_alloc(arena, size + 1);
    if (!masked)
        return WH_E_NOMEM;
    write_masked(masked, whole, spans, n, kinds);
    masked[size] = '\0';
    *ret_text = masked;
    *ret_len = size;
    return 0;
}
