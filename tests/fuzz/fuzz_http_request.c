// SPDX-License-Identifier: Apache-2.0
// The HTTP request parser: any bytes, cut anywhere, end in the same requests and the same refusal;
// a request that is whole keeps what http.h promises of its path, host, fields and body, and so do
// its query and its body read as a form.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BODY_MAX 600
#define REQUESTS_MAX 20

struct seen {
    unsigned whole;
    int status;
    uint64_t sum; // over all that was read
};

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void mix(struct seen *seen, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        seen->sum = (seen->sum ^ (uint8_t)p[i]) * 1099511628211u;
    seen->sum = (seen->sum ^ n) * 1099511628211u;
}

static void pairs(struct wh_str text, struct wh_arena *arena)
{
    struct http_pair pair;
    int error = 0;
    while (http_pair_next(&text, arena, &pair, &error)) {
        must(strlen(pair.name.p) == pair.name.n && strlen(pair.value.p) == pair.value.n);
        must(wh_utf8_valid(pair.name.p, pair.name.n) && wh_utf8_valid(pair.value.p, pair.value.n));
    }
    must(error == 0 || error == WH_E_INVALID || error == WH_E_NOMEM);
}

static void look(struct http_incoming *in, struct seen *seen)
{
    struct http_request *request = &in->request;
    const char *path = request->path.p;
    must(path[0] == '/' && strlen(path) == request->path.n);
    must(wh_utf8_valid(path, request->path.n));
    must(strstr(path, "/../") == NULL && strstr(path, "//") == NULL && strchr(path, '\\') == NULL);
    must(request->host[0] != '\0' && request->n_headers >= 1);
    must(request->body.n <= BODY_MAX && request->body.p[request->body.n] == '\0');
    must(http_header_get(request, "Content-Length") == NULL ||
         http_header_get(request, "Transfer-Encoding") == NULL);
    unsigned hosts = 0;
    for (size_t i = 0; i < request->n_headers; i++) {
        must(strpbrk(request->headers[i].name, "\r\n :") == NULL);
        must(strpbrk(request->headers[i].value, "\r\n") == NULL);
        hosts += strcasecmp(request->headers[i].name, "Host") == 0;
        mix(seen, request->headers[i].value, strlen(request->headers[i].value));
    }
    must(hosts == 1);
    mix(seen, path, request->path.n);
    mix(seen, request->query.p, request->query.n);
    mix(seen, request->body.p, request->body.n);
    pairs(request->query, &in->arena);
    pairs(request->body, &in->arena);
}

// One piece, in memory of its own so that the sanitizer sees a step beyond it.
static bool feed(struct http_parser *parser, struct http_incoming *in, const uint8_t *data,
                 size_t n, struct seen *seen)
{
    char *copy = malloc(n + 1);
    must(copy != NULL);
    memcpy(copy, data, n);
    copy = realloc(copy, n > 0 ? n : 1);
    size_t at = 0;
    enum http_step step = HTTP_STEP_MORE;
    while ((at < n || step == HTTP_STEP_HEAD) && seen->status == 0 && seen->whole < REQUESTS_MAX) {
        size_t took = http_parser_feed(parser, copy + at, n - at, &step);
        must(took <= n - at && (took > 0 || at == n || step != HTTP_STEP_MORE));
        at += took;
        if (step == HTTP_STEP_HEAD)
            in->body_max = BODY_MAX;
        if (step == HTTP_STEP_REFUSED)
            seen->status = parser->refusal.status;
        if (step == HTTP_STEP_WHOLE) {
            seen->whole++;
            look(in, seen);
            *parser->bodies -= in->request.body.n;
            http_incoming_done(in);
            http_incoming_init(in);
            http_parser_next(parser, in);
        }
    }
    free(copy);
    return seen->status == 0;
}

static struct seen run(const uint8_t *data, size_t n, size_t piece)
{
    static const struct http_limits limits = {
        .head_bytes = 1024, .head_fields = 12, .target_bytes = 300, .bodies_bytes = 1 << 20};
    struct seen seen = {.sum = 14695981039346656037u};
    struct http_parser parser;
    struct http_incoming in;
    size_t bodies = 0;
    http_incoming_init(&in);
    http_parser_init(&parser, &limits, &bodies);
    http_parser_next(&parser, &in);
    for (size_t at = 0; at < n; at += piece)
        if (!feed(&parser, &in, data + at, n - at < piece ? n - at : piece, &seen))
            break;
    must(bodies == in.request.body.n);
    http_incoming_done(&in);
    http_parser_done(&parser);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct seen whole = run(data + 1, n - 1, n);
    struct seen pieces = run(data + 1, n - 1, (size_t)(data[0] % 7) + 1);
    must(whole.whole == pieces.whole && whole.sum == pieces.sum);
    must((whole.status == 0) == (pieces.status == 0));
    must(whole.status == 0 || (whole.status >= 400 && whole.status <= 505));
    return 0;
}
