// SPDX-License-Identifier: Apache-2.0
// From a request to its route's function: health, then the route table, then who asks and whether
// they may. Decides nothing of a route's own.
#include "gateway/handler.h"
#include "gateway/handler_console.h"

#include <string.h>

static bool is(const struct http_request *request, const char *path)
{
    return wh_str_eq(request->path, wh_str(path));
}

static void answer_health(const struct gateway *gateway, struct http_request *request)
{
    char why[200] = "";
    if (is(request, "/healthz"))
        http_respond_text(request, 200, "ok\n");
    else if (wh_ready_now(gateway->runtime, why, sizeof why))
        http_respond_text(request, 200, "ready\n");
    else
        http_respond_text(request, 503, "not ready\n");
}

size_t gateway_head(struct http_request *request, void *arg)
{
    (void)request;
    (void)arg;
    return ROUTE_BODY_MAX;
}

void gateway_handle(struct http_request *request, void *arg)
{
    const struct gateway *gateway = arg;
    if (is(request, "/healthz") || is(request, "/readyz"))
        answer_health(gateway, request);
    else if (!console_serve(gateway->console, request))
        http_respond_text(request, 404, "not found\n");
}

void gateway_refuse(const struct http_refusal *refusal, struct wh_arena *arena,
                    struct http_reply *reply, void *arg)
{
    (void)arena;
    (void)arg;
    reply->type = "text/plain; charset=utf-8";
    reply->body = wh_str(refusal->why);
}
