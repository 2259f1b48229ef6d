// SPDX-License-Identifier: Apache-2.0
// The gateway's life: memory, the callers to the other services' doors, the listener. All callers
// stand as long as the process; the listener answers also while another instance owns the journal,
// then with 503.
#include "gateway/handler_district.h"
#include "gateway/handler_hub.h"
#include "gateway/handler_people.h"
#include "gateway/handler_public.h"
#include "gateway/store_key.h"
#include "gateway/store_read.h"
#include "gateway/view_cache.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/log.h"

static int open_callers(struct gateway *gateway)
{
    const char *doors = wh_setting_text(gateway->runtime, "doors");
    for (int door = DOOR_NONE + 1; door < ROUTE_DOORS; door++) {
        struct wh_caller_options options = {
            .key = *wh_runtime_key(gateway->runtime),
            .key_file = wh_setting_text(gateway->runtime, "key"),
            .doors_file = doors,
            .give_up_ms = (int)wh_setting_int(gateway->runtime, "door_wait_s") * 1000,
            .window = GATEWAY_WINDOW,
        };
        char why[512] = "";
        int status =
            wh_doors_find(doors, "door", route_door_name(door), &options.door, why, sizeof why);
        if (status == 0)
            status =
                wh_caller_new(wh_runtime_bus(gateway->runtime), &options, &gateway->callers[door]);
        if (status != 0) {
            wh_logf(WH_LOG_ERROR, "doors", "door %s: %s", route_door_name(door), why);
            return status;
        }
    }
    return 0;
}

void gateway_subkey(const struct gateway *gateway, const char *purpose, uint8_t ret_key[32])
{
    crypto_generichash(ret_key, 32, (const uint8_t *)purpose, strlen(purpose), gateway->secret,
                       sizeof gateway->secret);
}

// What is shown from here: the published views, the district, whistles just shown.
static int open_reading(struct gateway *gateway)
{
    uv_loop_t *loop = wh_runtime_loop(gateway->runtime);
    const char *database = wh_setting_text(gateway->runtime, "database");
    char name[64];
    wh_session_name(gateway->runtime, "reads", name, sizeof name);
    int status = reads_open(loop, database, name, &gateway->reads);
    wh_session_name(gateway->runtime, "keys", name, sizeof name);
    if (status == 0)
        status = keys_open(loop, database, name, &gateway->keys);
    gateway->cache = cache_new();
    if (status == 0 && gateway->cache == NULL)
        status = WH_E_NOMEM;
    if (status == 0)
        status = gateway_district_open(gateway);
    return status != 0 ? status : gateway_hub_open(gateway);
}

static void close_reading(struct gateway *gateway)
{
    gateway_hub_close(gateway);
    gateway_district_close(gateway);
    reads_close(gateway->reads);
    keys_close(gateway->keys);
    cache_free(gateway->cache);
    gateway->reads = NULL;
    gateway->keys = NULL;
    gateway->cache = NULL;
}

int gateway_start(struct wh_runtime *runtime, void **ret_state)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL)
        return WH_E_NOMEM;
    *ret_state = gateway;
    gateway->runtime = runtime;
    uint8_t seed[16];
    randombytes_buf(seed, sizeof seed);
    gateway->directory = directory_new(seed);
    if (gateway->directory == NULL)
        return WH_E_NOMEM;
    gateway->idle_ms = wh_setting_int(runtime, "session_idle_s") * 1000;
    gateway->life_ms = wh_setting_int(runtime, "session_s") * 1000;
    int status = wh_secret(runtime, "gateway", gateway->secret);
    if (status != 0) {
        wh_logf(WH_LOG_ERROR, "secret", "gateway.key (32 bytes) is missing in the secrets folder");
        return status;
    }
    gateway->logins = logins_new(gateway);
    if (gateway->logins == NULL)
        return WH_E_NOMEM;
    status = open_callers(gateway);
    if (status == 0)
        status = open_reading(gateway);
    if (status == 0)
        status = public_open(gateway);
    return status != 0 ? status : gateway_listen(gateway);
}

void gateway_drain(void *state)
{
    struct gateway *gateway = state;
    gateway->draining = true;
    if (gateway->http != NULL)
        http_server_drain(gateway->http, GATEWAY_DRAIN_MS);
}

// Nobody waits for an answer any more.
bool gateway_drained(void *state)
{
    const struct gateway *gateway = state;
    struct http_figures figures;
    if (gateway->http == NULL)
        return true;
    http_server_figures(gateway->http, &figures);
    return figures.in_hand == 0 && figures.streams == 0;
}

void gateway_close(void *state)
{
    struct gateway *gateway = state;
    for (int door = 0; door < ROUTE_DOORS; door++) {
        if (gateway->callers[door] != NULL)
            wh_caller_free(gateway->callers[door]);
        gateway->callers[door] = NULL;
    }
    gateway_unlisten(gateway);
    close_reading(gateway);
    public_close(gateway);
}

void gateway_stop(void *state)
{
    struct gateway *gateway = state;
    logins_free(gateway->logins);
    directory_free(gateway->directory);
    sodium_memzero(gateway->secret, sizeof gateway->secret);
    free(gateway);
}
