// SPDX-License-Identifier: Apache-2.0
// Health and metrics over HTTP, for a supervisor and for Prometheus on the same host: GET /healthz,
// /readyz, /metrics; one request a connection. At most 32 connections and 5 s for anything, so that
// nobody can hold the process's memory or descriptors. Decides nothing: readiness and figures come
// from callbacks, how a request is read and answered is the room http's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "http/http.h"
#include "runtime/probe.h"

#define CONNECTIONS_MAX 32
#define PROBE_MS 5000
#define REQUEST_MAX_BYTES 8192
#define TARGET_MAX_BYTES 200
#define TEXT_TYPE "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct wh_probe {
    struct http_server *server;
    struct wh_metrics *metrics;
    wh_ready_fn ready;
    void (*before)(void *arg);
    void *arg;
};

static void respond(struct http_request *request, int status, const char *type, struct wh_str body)
{
    const struct http_header headers[] = {{"Cache-Control", "no-store"}, {"Allow", "GET, HEAD"}};
    http_respond(request, &(struct http_reply){.status = status,
                                               .type = type,
                                               .headers = headers,
                                               .n_headers = status == 405 ? 2 : 1,
                                               .body = body,
                                               .close = true});
}

static void respond_text(struct http_request *request, int status, const char *text)
{
    respond(request, status, TEXT_TYPE, wh_str(text));
}

static void respond_ready(struct wh_probe *probe, struct http_request *request)
{
    char why[512] = "", text[528];
    bool ready = probe->ready == NULL || probe->ready(probe->arg, why, sizeof why);
    (void)snprintf(text, sizeof text, "%s%s%s\n", ready ? "ready" : "",
                   ready && why[0] != '\0' ? ": " : "", why);
    respond_text(request, ready ? 200 : 503, text);
}

static void respond_metrics(struct wh_probe *probe, struct http_request *request)
{
    if (probe->before != NULL)
        probe->before(probe->arg);
    size_t n;
    char *text = wh_metrics_text(probe->metrics, &n);
    if (text == NULL)
        respond_text(request, 503, "no memory\n");
    else
        respond(request, 200, METRICS_TYPE, wh_str_n(text, n));
    free(text);
}

static void handle(struct http_request *request, void *arg)
{
    const char *path = request->path.p;
    if (request->method != HTTP_METHOD_GET && request->method != HTTP_METHOD_HEAD)
        respond_text(request, 405, "refused\n");
    else if (strcmp(path, "/healthz") == 0)
        respond_text(request, 200, "ok\n");
    else if (strcmp(path, "/readyz") == 0)
        respond_ready(arg, request);
    else if (strcmp(path, "/metrics") == 0)
        respond_metrics(arg, request);
    else
        respond_text(request, 404, "there are /healthz, /readyz and /metrics\n");
}

int wh_probe_open(uv_loop_t *loop, const char *address, int port, struct wh_metrics *metrics,
                  wh_ready_fn ready, void (*before)(void *arg), void *arg,
                  struct wh_probe **ret_probe)
{
    *ret_probe = NULL;
    if (port == 0)
        return 0;
    struct wh_probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL)
        return WH_E_NOMEM;
    *probe = (struct wh_probe){.metrics = metrics, .ready = ready, .before = before, .arg = arg};
    const struct http_config config = {.address = address,
                                       .port = port,
                                       .backlog = CONNECTIONS_MAX,
                                       .limits = {.head_bytes = REQUEST_MAX_BYTES,
                                                  .target_bytes = TARGET_MAX_BYTES,
                                                  .head_ms = PROBE_MS,
                                                  .body_ms = PROBE_MS,
                                                  .idle_ms = PROBE_MS,
                                                  .send_ms = PROBE_MS,
                                                  .connections = CONNECTIONS_MAX,
                                                  .address_connections = CONNECTIONS_MAX,
                                                  .in_hand = 1},
                                       .handle = handle,
                                       .arg = probe};
    int error = http_server_open(loop, &config, &probe->server);
    if (error != 0) {
        free(probe);
        return error;
    }
    *ret_probe = probe;
    return 0;
}

void wh_probe_close(struct wh_probe *probe)
{
    if (probe != NULL)
        http_server_close(probe->server, free, probe);
}
