// SPDX-License-Identifier: Apache-2.0
// The loop, bus and keyring under socket tests; see net.h.
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct wh_key_holder *lookup(void *arg, const char *public_key)
{
    struct net *net = arg;

    for (int i = 0; i < NET_KEYS; i++) {
        if (net->live[i] && strcmp(net->keys[i].public_key, public_key) == 0)
            return &net->holders[i];
    }
    return NULL;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "net: %s\n", what);
    abort();
}

void net_init(struct net *net)
{
    char name[8];

    memset(net, 0, sizeof(*net));
    strcpy(net->dir, "/tmp/wh-net-XXXXXX");
    must(mkdtemp(net->dir) != NULL, "mkdtemp");
    must(uv_loop_init(&net->loop) == 0, "loop");
    must(wh_bus_new(&net->loop, &net->bus) == 0, "bus");
    wh_key_generate("SERVER", WH_ROLE_SERVICE, &net->server);
    for (int i = 0; i < NET_KEYS; i++) {
        snprintf(name, sizeof(name), "K%d", i);
        wh_key_generate(name, WH_ROLE_DEPARTMENT, &net->keys[i]);
        strcpy(net->holders[i].identity, name);
        net->live[i] = true;
    }
    must(wh_zap_new(net->bus, lookup, net, &net->zap) == 0, "zap");
}

void net_done(struct net *net)
{
    char command[128];

    wh_zap_free(net->zap);
    uv_run(&net->loop, UV_RUN_DEFAULT);
    wh_bus_free(net->bus);
    must(uv_loop_close(&net->loop) == 0, "handles left open");
    snprintf(command, sizeof(command), "rm -rf '%s'", net->dir);
    must(system(command) == 0, "rm");
}

struct wh_door net_door(const struct net *net, const char *name, size_t n)
{
    struct wh_door door = {.n_endpoints = n};

    snprintf(door.name, sizeof(door.name), "%s", name);
    for (size_t i = 0; i < n; i++) {
        snprintf(door.endpoints[i], sizeof(door.endpoints[i]), "ipc://%s/%s%zu", net->dir, name, i);
        strcpy(door.server_keys[i], net->server.public_key);
    }
    return door;
}

struct wh_socket *net_router(struct net *net, const char *endpoint, wh_packet_fn on_packet,
                             void *arg)
{
    struct wh_socket_options options = {
        .router = true,
        .endpoint = endpoint,
        .secret_key = net->server.secret_key,
        .public_key = net->server.public_key,
        .on_packet = on_packet,
        .arg = arg,
    };
    struct wh_socket *socket = NULL;

    must(wh_socket_open(net->bus, &options, &socket) == 0, "router");
    return socket;
}

static void on_time(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

bool net_until(struct net *net, const bool *flag, int ms)
{
    uv_timer_t timer;
    bool late = false;

    uv_timer_init(&net->loop, &timer);
    timer.data = &late;
    uv_update_time(&net->loop);
    uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
    while (!late && !(flag && *flag))
        uv_run(&net->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&net->loop, UV_RUN_NOWAIT);
    return flag && *flag;
}

void net_run(struct net *net, int ms)
{
    net_until(net, NULL, ms);
}
