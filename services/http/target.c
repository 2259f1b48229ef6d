// SPDX-License-Identifier: Apache-2.0
// Request targets, queries and forms: percent-decoded exactly once. What two programs could read
// differently (dot segments, empty segments, hidden slashes, NUL, broken UTF-8) is refused instead
// of being made good.
#include <string.h>

#include "http/parse.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The byte at *at, decoded, and *at behind it; -1 where the escape is malformed.
static int decoded(struct wh_str text, size_t *at, bool plus)
{
    char c = text.p[(*at)++];
    if (c == '+' && plus)
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (text.n - *at < 2)
        return -1;
    int high = hex(text.p[*at]), low = hex(text.p[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_dots(const char *from, const char *to)
{
    return (to - from == 1 && from[0] == '.') ||
           (to - from == 2 && from[0] == '.' && from[1] == '.');
}

static const char *segments_check(struct wh_str path)
{
    const char *from = path.p + 1, *end = path.p + path.n;
    for (;;) {
        const char *slash = memchr(from, '/', (size_t)(end - from));
        const char *to = slash != NULL ? slash : end;
        if (is_dots(from, to))
            return "a dot segment in the path";
        if (slash == NULL)
            return NULL;
        if (to == from)
            return "an empty segment in the path";
        from = slash + 1;
    }
}

static const char *path_read(struct wh_str raw, struct wh_arena *arena, struct wh_str *ret_path)
{
    char *out = wh_arena_alloc(arena, raw.n + 1);
    size_t n = 0;
    if (out == NULL)
        return "no memory";
    for (size_t at = 0; at < raw.n;) {
        bool escaped = raw.p[at] == '%';
        int c = decoded(raw, &at, false);
        if (c < 0)
            return "a malformed escape in the path";
        if (c < 0x20 || c == 0x7f)
            return "a control character in the path";
        if (c == '\\' || (c == '/' && escaped))
            return "a hidden separator in the path";
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *ret_path = wh_str_n(out, n);
    return wh_utf8_valid(out, n) ? segments_check(*ret_path) : "the path is not UTF-8";
}

const char *http_target_read(struct wh_str target, struct wh_arena *arena, struct wh_str *ret_path,
                             struct wh_str *ret_query)
{
    if (target.n == 0 || target.p[0] != '/')
        return "the request target is no path";
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= 0x20 || target.p[i] == 0x7f || target.p[i] == '#')
            return "malformed request target";
    const char *mark = memchr(target.p, '?', target.n);
    size_t path_n = mark != NULL ? (size_t)(mark - target.p) : target.n;
    *ret_query = wh_str("");
    if (mark != NULL) {
        char *query = wh_arena_dup(arena, mark + 1, target.n - path_n - 1);
        if (query == NULL)
            return "no memory";
        *ret_query = wh_str_n(query, target.n - path_n - 1);
    }
    return path_read(wh_str_n(target.p, path_n), arena, ret_path);
}

static int part_read(struct wh_str raw, struct wh_arena *arena, struct wh_str *ret_part)
{
    char *out = wh_arena_alloc(arena, raw.n + 1);
    size_t n = 0;
    if (out == NULL)
        return WH_E_NOMEM;
    for (size_t at = 0; at < raw.n;) {
        int c = decoded(raw, &at, true);
        if (c <= 0)
            return WH_E_INVALID;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *ret_part = wh_str_n(out, n);
    return wh_utf8_valid(out, n) ? 0 : WH_E_INVALID;
}

bool http_pair_next(struct wh_str *rest, struct wh_arena *arena, struct http_pair *ret_pair,
                    int *ret_error)
{
    struct wh_str piece, value;
    do {
        if (rest->n == 0 || !wh_str_split(rest, '&', &piece))
            return false;
    } while (piece.n == 0);
    const char *equals = memchr(piece.p, '=', piece.n);
    size_t name_n = equals != NULL ? (size_t)(equals - piece.p) : piece.n;
    value = equals != NULL ? wh_str_n(equals + 1, piece.n - name_n - 1) : wh_str("");
    struct http_pair pair;
    int error = part_read(wh_str_n(piece.p, name_n), arena, &pair.name);
    if (error == 0)
        error = part_read(value, arena, &pair.value);
    if (error != 0) {
        *ret_error = error;
        return false;
    }
    *ret_pair = pair;
    return true;
}

int http_query_get(const struct http_request *request, const char *name, struct wh_str *ret_value)
{
    struct wh_str rest = request->query;
    struct http_pair pair;
    int error = WH_E_NOTFOUND;
    while (http_pair_next(&rest, request->arena, &pair, &error))
        if (wh_str_eq(pair.name, wh_str(name))) {
            *ret_value = pair.value;
            return 0;
        }
    return error;
}
