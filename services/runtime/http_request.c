// SPDX-License-Identifier: Apache-2.0
// The request parser of the health and metrics endpoint: llhttp with bounds around it. Only what
// the endpoint needs is kept: method and path; headers are parsed (so that framing tricks are
// refused) and forgotten; a body is never wanted.
#include "runtime/http_request.h"

#include <string.h>

#define REQUEST_MAX_BYTES 8192
#define PATH_MAX_BYTES 200

static struct wh_http_request *of(llhttp_t *parser)
{
    return parser->data;
}

static int stop(llhttp_t *parser, int status)
{
    of(parser)->status = status;
    return HPE_USER;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct wh_http_request *request = of(parser);
    for (size_t i = 0; i < n && !request->in_query; i++) {
        if (at[i] == '?') {
            request->in_query = true;
        } else if (request->path_n >= PATH_MAX_BYTES) {
            return stop(parser, 414);
        } else {
            request->path[request->path_n++] = at[i];
        }
    }
    return 0;
}

static int on_headers(llhttp_t *parser)
{
    if (parser->method != HTTP_GET && parser->method != HTTP_HEAD)
        return stop(parser, 405);
    if ((parser->flags & F_CHUNKED) != 0 || parser->content_length > 0)
        return stop(parser, 413);
    if (parser->upgrade)
        return stop(parser, 400);
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    of(parser)->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t *hooks(void)
{
    static llhttp_settings_t settings;
    static bool made;
    if (!made) {
        llhttp_settings_init(&settings);
        settings.on_url = on_url;
        settings.on_headers_complete = on_headers;
        settings.on_message_complete = on_complete;
        made = true;
    }
    return &settings;
}

void wh_http_request_init(struct wh_http_request *request)
{
    memset(request, 0, sizeof *request);
    llhttp_init(&request->parser, HTTP_REQUEST, hooks());
    request->parser.data = request;
}

int wh_http_request_feed(struct wh_http_request *request, const char *data, size_t n)
{
    llhttp_errno_t result = llhttp_execute(&request->parser, data, n);
    // what follows a whole request in the same piece does not count
    request->bytes +=
        request->complete ? (size_t)(llhttp_get_error_pos(&request->parser) - data) : n;
    if (request->complete && request->bytes <= REQUEST_MAX_BYTES) {
        request->path[request->path_n] = '\0';
        return 200;
    }
    if (request->status != 0)
        return request->status;
    if (result != HPE_OK)
        return 400;
    return request->bytes > REQUEST_MAX_BYTES ? 431 : 0;
}

bool wh_http_request_head_only(const struct wh_http_request *request)
{
    return request->parser.method == HTTP_HEAD;
}
