// SPDX-License-Identifier: Apache-2.0
// Two readers, one after the other: a scanner that knows nothing but lines and forbids what
// receivers disagree about (bare CR or LF, NUL, folded lines), then llhttp on the whole head at
// once. Of a chunked body llhttp's callbacks say what is data; every other byte must be a hex digit
// or part of a CR LF, so extensions and trailers are refused and framing costs at most
// FRAMING_MAX bytes a piece.
#include "http/parse.h"

#include <stdlib.h>
#include <string.h>

#define FRAMING_MAX 24
#define PARTIAL_FIRST 1024

void http_incoming_init(struct http_incoming *in)
{
    *in = (struct http_incoming){.request.arena = &in->arena, .request.body = {"", 0}};
    wh_arena_init(&in->arena, HTTP_REQUEST_ARENA);
}

void http_incoming_done(struct http_incoming *in)
{
    free(in->body);
    in->body = NULL;
    wh_arena_done(&in->arena);
}

void http_parser_init(struct http_parser *parser, const struct http_limits *limits, size_t *bodies)
{
    *parser = (struct http_parser){.limits = limits, .bodies = bodies};
}

void http_parser_done(struct http_parser *parser)
{
    free(parser->partial);
    parser->partial = NULL;
    parser->partial_n = parser->partial_cap = 0;
}

bool http_parser_begun(const struct http_parser *parser)
{
    return parser->head_n > 0;
}

static int refuse(struct http_parser *parser, int status, const char *why)
{
    parser->state = HTTP_READ_REFUSED;
    parser->refusal =
        (struct http_refusal){.status = status, .why = why, .retry_after = status == 503 ? 1 : 0};
    return HPE_USER;
}

static struct http_parser *of(llhttp_t *llhttp)
{
    return llhttp->data;
}

// ---- llhttp's callbacks ----------------------------------------------------------------------

static int on_method(llhttp_t *llhttp, const char *at, size_t n)
{
    (void)at;
    of(llhttp)->method_n += n;
    return 0;
}

static int on_url(llhttp_t *llhttp, const char *at, size_t n)
{
    struct http_parser *parser = of(llhttp);
    if (parser->url_n == 0)
        parser->url = at;
    parser->url_n += n;
    return 0;
}

static int on_field(llhttp_t *llhttp, const char *at, size_t n)
{
    struct http_parser *parser = of(llhttp);
    struct http_request *request = &parser->in->request;
    if (parser->headers_done)
        return refuse(parser, 400, "trailer fields");
    if (request->n_headers >= parser->limits->head_fields)
        return refuse(parser, 431, "too many header fields");
    struct http_header *field = &parser->in->fields[request->n_headers++];
    *field = (struct http_header){.name = at, .value = NULL};
    return n > 0 ? 0 : refuse(parser, 400, "a header field without a name");
}

static int on_value(llhttp_t *llhttp, const char *at, size_t n)
{
    struct http_parser *parser = of(llhttp);
    size_t i = parser->in->request.n_headers;
    (void)n;
    if (parser->headers_done)
        return refuse(parser, 400, "trailer fields");
    if (i == 0)
        return refuse(parser, 400, "a value without a header field");
    if (parser->in->fields[i - 1].value == NULL)
        parser->in->fields[i - 1].value = at;
    return 0;
}

static int on_headers(llhttp_t *llhttp)
{
    struct http_parser *parser = of(llhttp);
    struct http_incoming *in = parser->in;
    parser->headers_done = true;
    parser->chunked = (llhttp->flags & F_CHUNKED) != 0;
    in->length = (llhttp->flags & F_CONTENT_LENGTH) != 0 ? llhttp->content_length : 0;
    in->has_body = parser->chunked || in->length > 0;
    in->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    in->head_only = llhttp->method == HTTP_HEAD;
    in->is_1_1 = llhttp->http_major == 1 && llhttp->http_minor == 1;
    llhttp->upgrade = 0; // offers to change the protocol are not taken up
    return 0;
}

static bool body_room(struct http_parser *parser, size_t n)
{
    struct http_incoming *in = parser->in;
    if (n < in->body_cap)
        return true;
    size_t cap = in->body_cap == 0 ? 4096 : in->body_cap * 2;
    if (cap > in->body_max)
        cap = in->body_max;
    if (cap < n)
        cap = n;
    char *grown = realloc(in->body, cap + 1);
    if (grown == NULL)
        return false;
    in->body = grown;
    in->body_cap = cap + 1;
    return true;
}

// Bytes of a chunked body that are no data.
static bool framing_is_fine(struct http_parser *parser, const char *from, const char *to)
{
    for (; from < to; from++) {
        unsigned char c = (unsigned char)*from;
        bool hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (parser->after_cr != (c == '\n') || (!hex && c != '\r' && c != '\n') ||
            ++parser->framing > FRAMING_MAX)
            return false;
        parser->after_cr = c == '\r';
    }
    return true;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t n)
{
    struct http_parser *parser = of(llhttp);
    struct http_incoming *in = parser->in;
    if (parser->chunked) {
        if (!framing_is_fine(parser, parser->mark, at))
            return refuse(parser, 400, "malformed chunk");
        parser->framing = 0;
        parser->mark = at + n; // where framing goes on
    }
    if (n > in->body_max - in->request.body.n)
        return refuse(parser, 413, "the body is too long");
    if (*parser->bodies + n > parser->limits->bodies_bytes)
        return refuse(parser, 503, "too many bodies at once");
    if (!body_room(parser, in->request.body.n + n))
        return refuse(parser, 503, "no memory");
    memcpy(in->body + in->request.body.n, at, n);
    *parser->bodies += n;
    in->request.body = wh_str_n(in->body, in->request.body.n + n);
    in->body[in->request.body.n] = '\0';
    return 0;
}

// A chunk says how long it is: told at once when that is too much.
static int on_chunk(llhttp_t *llhttp)
{
    struct http_parser *parser = of(llhttp);
    size_t room = parser->in->body_max - parser->in->request.body.n;
    return llhttp->content_length > room ? refuse(parser, 413, "the body is too long") : 0;
}

static int on_complete(llhttp_t *llhttp)
{
    struct http_parser *parser = of(llhttp);
    parser->state = HTTP_READ_WHOLE;
    return HPE_PAUSED;
}

static const llhttp_settings_t *hooks(void)
{
    static llhttp_settings_t settings;
    static bool made;
    if (!made) {
        llhttp_settings_init(&settings);
        settings.on_method = on_method;
        settings.on_url = on_url;
        settings.on_header_field = on_field;
        settings.on_header_value = on_value;
        settings.on_headers_complete = on_headers;
        settings.on_chunk_header = on_chunk;
        settings.on_body = on_body;
        settings.on_message_complete = on_complete;
        made = true;
    }
    return &settings;
}

// ---- the head --------------------------------------------------------------------------------

void http_parser_next(struct http_parser *parser, struct http_incoming *in)
{
    http_parser_done(parser);
    const struct http_limits *limits = parser->limits;
    size_t *bodies = parser->bodies;
    *parser =
        (struct http_parser){.limits = limits, .bodies = bodies, .in = in, .first_line = true};
    llhttp_init(&parser->llhttp, HTTP_REQUEST, hooks());
    parser->llhttp.data = parser;
}

// NULL: the byte is fine.
static const char *line_byte(struct http_parser *parser, unsigned char c)
{
    if (parser->after_cr && c != '\n')
        return "CR without LF";
    if (c == '\n')
        return parser->after_cr ? NULL : "LF without CR";
    if (c == '\r')
        return NULL;
    if (c == 0)
        return "NUL";
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return "control character";
    if (parser->line_n == 0 && (c == ' ' || c == '\t'))
        return "folded line or white space before the first one";
    if (parser->first_line && (c == '\t' || c >= 0x80))
        return "malformed request line";
    return NULL;
}

// Looks at bytes up to the head's end; how many belong to it. *ret_end: its last one is among them.
static size_t scan(struct http_parser *parser, const char *data, size_t n, bool *ret_end)
{
    *ret_end = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)data[i];
        const char *why = line_byte(parser, c);
        if (why == NULL && parser->head_n >= parser->limits->head_bytes) {
            refuse(parser, 431, "the head is too long");
            return i;
        }
        bool empty_line = c == '\n' && parser->line_n == 0;
        if (why == NULL && empty_line && parser->first_line)
            why = "an empty line before the request";
        if (why != NULL) {
            refuse(parser, 400, why);
            return i;
        }
        parser->head_n++;
        parser->after_cr = c == '\r';
        if (c != '\r')
            parser->line_n = c == '\n' ? 0 : parser->line_n + 1;
        if (c == '\n')
            parser->first_line = false;
        if (empty_line) {
            *ret_end = true;
            return i + 1;
        }
    }
    return n;
}

static bool partial_add(struct http_parser *parser, const char *data, size_t n)
{
    size_t cap = parser->partial_cap == 0 ? PARTIAL_FIRST : parser->partial_cap;
    while (cap < parser->partial_n + n)
        cap *= 2;
    if (cap != parser->partial_cap) {
        char *grown = realloc(parser->partial, cap);
        if (grown == NULL)
            return false;
        parser->partial = grown;
        parser->partial_cap = cap;
    }
    memcpy(parser->partial + parser->partial_n, data, n);
    parser->partial_n += n;
    return true;
}

// Ends names and values with NUL; values without white space at their end.
static void fields_cut(struct http_incoming *in, char *head)
{
    for (size_t i = 0; i < in->request.n_headers; i++) {
        struct http_header *field = &in->fields[i];
        head[field->name - head + (ptrdiff_t)strcspn(field->name, ":\r")] = '\0';
        if (field->value == NULL)
            field->value = "";
        size_t n = strcspn(field->value, "\r");
        while (n > 0 && (field->value[n - 1] == ' ' || field->value[n - 1] == '\t'))
            n--;
        if (n > 0)
            head[field->value - head + (ptrdiff_t)n] = '\0';
        else
            field->value = "";
    }
}

static enum http_method method_of(unsigned method)
{
    switch (method) {
    case HTTP_GET:
        return HTTP_METHOD_GET;
    case HTTP_HEAD:
        return HTTP_METHOD_HEAD;
    case HTTP_POST:
        return HTTP_METHOD_POST;
    case HTTP_PUT:
        return HTTP_METHOD_PUT;
    case HTTP_PATCH:
        return HTTP_METHOD_PATCH;
    case HTTP_DELETE:
        return HTTP_METHOD_DELETE;
    case HTTP_OPTIONS:
        return HTTP_METHOD_OPTIONS;
    default:
        return HTTP_METHOD_OTHER;
    }
}

// llhttp liked the head; what it leaves to its user.
static int head_check(struct http_parser *parser, char *head)
{
    struct http_incoming *in = parser->in;
    struct http_request *request = &in->request;
    size_t line = strcspn(head, "\r");
    if (parser->llhttp.http_major != 1 || parser->llhttp.http_minor > 1)
        return refuse(parser, 505, "not HTTP/1.1");
    if (line != parser->method_n + 1 + parser->url_n + 1 + strlen("HTTP/1.1"))
        return refuse(parser, 400, "malformed request line");
    if (parser->url_n > parser->limits->target_bytes)
        return refuse(parser, 414, "the request target is too long");
    request->method = method_of(parser->llhttp.method);
    request->method_name = llhttp_method_name((llhttp_method_t)parser->llhttp.method);
    const char *why = http_target_read(wh_str_n(parser->url, parser->url_n), &in->arena,
                                       &request->path, &request->query);
    int status = 400;
    fields_cut(in, head);
    request->headers = in->fields;
    if (why == NULL)
        why = http_fields_check(in, &status);
    return why == NULL ? 0 : refuse(parser, status, why);
}

static const char *llhttp_why(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return "unknown method";
    case HPE_INVALID_URL:
        return "malformed request target";
    case HPE_INVALID_VERSION:
        return "malformed version";
    case HPE_INVALID_HEADER_TOKEN:
        return "malformed header field";
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return "malformed Content-Length";
    case HPE_INVALID_TRANSFER_ENCODING:
        return "malformed Transfer-Encoding";
    case HPE_INVALID_CHUNK_SIZE:
        return "malformed chunk";
    default:
        return "malformed request";
    }
}

static void head_parse(struct http_parser *parser, const char *data, size_t n)
{
    struct http_incoming *in = parser->in;
    char *head = wh_arena_dup(&in->arena, data, n);
    in->fields = wh_arena_calloc(&in->arena, parser->limits->head_fields, sizeof *in->fields);
    if (head == NULL || in->fields == NULL) {
        refuse(parser, 503, "no memory");
        return;
    }
    parser->state = HTTP_READ_BODY;
    parser->after_cr = false;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, head, n);
    if (parser->state == HTTP_READ_REFUSED)
        return;
    if ((error != HPE_OK && error != HPE_PAUSED) || !parser->headers_done) {
        refuse(parser, 400, llhttp_why(error));
        return;
    }
    if (head_check(parser, head) == 0)
        http_parser_done(parser);
}

static size_t feed_head(struct http_parser *parser, const char *data, size_t n)
{
    bool end;
    size_t took = scan(parser, data, n, &end);
    if (parser->state == HTTP_READ_REFUSED)
        return took;
    if (end && parser->partial_n == 0) {
        head_parse(parser, data, took);
        return took;
    }
    if (!partial_add(parser, data, took))
        refuse(parser, 503, "no memory");
    else if (end)
        head_parse(parser, parser->partial, parser->partial_n);
    return took;
}

// ---- the body --------------------------------------------------------------------------------

static size_t feed_body(struct http_parser *parser, const char *data, size_t n)
{
    if (n == 0)
        return 0;
    parser->mark = data;
    llhttp_errno_t error = llhttp_execute(&parser->llhttp, data, n);
    if (parser->state == HTTP_READ_REFUSED)
        return n;
    size_t took = n;
    if (parser->state == HTTP_READ_WHOLE)
        took = (size_t)(llhttp_get_error_pos(&parser->llhttp) - data);
    else if (error != HPE_OK) {
        refuse(parser, 400, llhttp_why(error));
        return n;
    }
    if (parser->chunked && !framing_is_fine(parser, parser->mark, data + took))
        refuse(parser, 400, "malformed chunk");
    return took;
}

size_t http_parser_feed(struct http_parser *parser, const char *data, size_t n,
                        enum http_step *ret_step)
{
    size_t took = 0;
    if (parser->state == HTTP_READ_HEAD) {
        took = feed_head(parser, data, n);
        bool refused = parser->state == HTTP_READ_REFUSED;
        *ret_step = refused                ? HTTP_STEP_REFUSED
                    : parser->headers_done ? HTTP_STEP_HEAD
                                           : HTTP_STEP_MORE;
        return took;
    }
    if (parser->state == HTTP_READ_BODY)
        took = feed_body(parser, data, n);
    *ret_step = parser->state == HTTP_READ_WHOLE     ? HTTP_STEP_WHOLE
                : parser->state == HTTP_READ_REFUSED ? HTTP_STEP_REFUSED
                                                     : HTTP_STEP_MORE;
    return took;
}
