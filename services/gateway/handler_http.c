// SPDX-License-Identifier: Apache-2.0
// The listener: opened as the settings say, the fields that stand on every reply, its figures. What
// a path means is found in handler_routes.c.
#include "gateway/handler_console.h"
#include "gateway/handler_people.h"
#include "runtime/log.h"

#define FIGURES_MS 5000

// No outside asset, nothing inline, no frame, no referrer: on every reply, whatever it is.
static const struct http_header always[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
     "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
     "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "geolocation=(self), camera=(self)"},
};

static void tell(struct gateway *gateway, const char *name, const char *help, double value)
{
    wh_metric_set(gateway->runtime, name, help, NULL, value);
}

static void on_figures(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    struct http_figures f;
    gateway_touch(gateway);
    http_server_figures(gateway->http, &f);
    tell(gateway, "http_connections", "open connections", (double)f.connections);
    tell(gateway, "http_streams", "open event streams", (double)f.streams);
    tell(gateway, "http_in_hand", "requests not yet answered", (double)f.in_hand);
    tell(gateway, "http_requests", "requests since the start", (double)f.requests);
    tell(gateway, "http_malformed", "requests refused while being read", (double)f.malformed);
    tell(gateway, "http_refused_connections", "connections over a limit",
         (double)f.refused_connections);
    tell(gateway, "http_slow", "requests and readers ended for being too slow",
         (double)(f.slow_heads + f.slow_bodies + f.slow_readers + f.slow_streams));
    tell(gateway, "http_errors", "answers with status 5xx since the start", (double)f.replies[5]);
}

// Without its files there is no console, and everything else goes on: programs and links need none.
static void load_console(struct gateway *gateway)
{
    const char *folder = wh_setting_text(gateway->runtime, "console_dir");
    if (folder[0] != '\0' && console_load(folder, &gateway->console) != 0)
        wh_logf(WH_LOG_ERROR, "console", "cannot read the console's files in %s", folder);
}

int gateway_listen(struct gateway *gateway)
{
    struct wh_runtime *runtime = gateway->runtime;
    load_console(gateway);
    struct http_config config = {
        .address = wh_setting_text(runtime, "http_address"),
        .port = (int)wh_setting_int(runtime, "http_port"),
        .trusted = wh_setting_text(runtime, "trusted_proxies"),
        .headers = always,
        .n_headers = sizeof always / sizeof *always,
        .head = gateway_head,
        .handle = gateway_handle,
        .refuse = gateway_refuse,
        .arg = gateway,
    };
    config.limits.connections = (unsigned)wh_setting_int(runtime, "http_connections");
    config.limits.address_connections =
        (unsigned)wh_setting_int(runtime, "http_address_connections");
    int status = http_server_open(wh_runtime_loop(runtime), &config, &gateway->http);
    if (status != 0) {
        wh_logf(WH_LOG_ERROR, "http", "cannot listen at %s port %d", config.address, config.port);
        return status;
    }
    wh_logf(WH_LOG_INFO, "http.listening", "%s port %d", config.address,
            http_server_port(gateway->http));
    gateway->figures.data = gateway;
    uv_timer_init(wh_runtime_loop(runtime), &gateway->figures);
    uv_timer_start(&gateway->figures, on_figures, 0, FIGURES_MS);
    return 0;
}

void gateway_unlisten(struct gateway *gateway)
{
    if (gateway->http == NULL)
        return;
    uv_close((uv_handle_t *)&gateway->figures, NULL);
    http_server_close(gateway->http, NULL, NULL);
    gateway->http = NULL;
    console_free(gateway->console);
    gateway->console = NULL;
}
