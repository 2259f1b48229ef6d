// SPDX-License-Identifier: Apache-2.0
// What is asked of header fields beyond their grammar: exactly one Host, none of the single ones
// twice, one way only to say how long the body is. llhttp judges lengths too; two judges must agree
// before anything is believed.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http/parse.h"

static const char *const singles[] = {
    "Host",   "Content-Length",  "Content-Type",  "Transfer-Encoding", "Authorization",
    "Cookie", "Origin",          "Expect",        "If-Match",          "If-None-Match",
    "Range",  "Idempotency-Key", "Last-Event-ID", "X-CSRF-Token",      "Sec-Fetch-Site"};

const char *http_header_get(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static bool is_token(const char *name)
{
    if (*name == '\0')
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && strchr("!#$%&'*+-.^_`|~", *name) == NULL)
            return false;
    return true;
}

static bool twice(const struct http_request *request, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0; i < request->n_headers; i++)
        n += strcasecmp(request->headers[i].name, name) == 0;
    return n > 1;
}

static bool is_length(const char *value, uint64_t length)
{
    uint64_t n = 0;
    size_t digits = strlen(value);
    if (digits == 0 || digits > 18 || strspn(value, "0123456789") != digits)
        return false;
    for (; *value != '\0'; value++)
        n = n * 10 + (uint64_t)(*value - '0');
    return n == length;
}

// host or host:port or [v6]:port; neither white space nor what could be a list, a user or a path.
static bool is_host(const char *host)
{
    size_t n = strlen(host);
    return n > 0 && n <= 255 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "-._~:[]%!$&'()*+;=") == n;
}

static const char *length_check(const struct http_incoming *in, int *ret_status)
{
    const char *length = http_header_get(&in->request, "Content-Length");
    const char *coding = http_header_get(&in->request, "Transfer-Encoding");
    if (length != NULL && coding != NULL)
        return "Content-Length and Transfer-Encoding";
    if (length != NULL && !is_length(length, in->length))
        return "malformed Content-Length";
    if (coding == NULL)
        return NULL;
    if (!in->is_1_1)
        return "Transfer-Encoding in HTTP/1.0";
    if (strcasecmp(coding, "chunked") != 0) {
        *ret_status = 501;
        return "a transfer coding that is not chunked";
    }
    return NULL;
}

static const char *names_check(const struct http_request *request)
{
    for (size_t i = 0; i < request->n_headers; i++)
        if (!is_token(request->headers[i].name))
            return "malformed header field";
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++)
        if (twice(request, singles[i]))
            return "a header field twice that may come once";
    return NULL;
}

const char *http_fields_check(struct http_incoming *in, int *ret_status)
{
    struct http_request *request = &in->request;
    const char *why = names_check(request);
    if (why == NULL)
        why = length_check(in, ret_status);
    if (why != NULL)
        return why;
    request->host = http_header_get(request, "Host");
    if (request->host == NULL || !is_host(request->host))
        return "no Host, or a malformed one";
    const char *expect = http_header_get(request, "Expect");
    if (expect != NULL && strcasecmp(expect, "100-continue") != 0) {
        *ret_status = 417;
        return "an expectation other than 100-continue";
    }
    in->expects_continue = expect != NULL && in->is_1_1;
    return NULL;
}
