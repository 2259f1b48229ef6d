// SPDX-License-Identifier: Apache-2.0
// Commands of the process itself. They become items as the door's do and go the same way through a
// turn; only their answer goes to a callback instead of a socket.
#include "runtime/submit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "runtime/turn.h"

#define ITEM_CAP ((size_t)1 << 20)

struct submitted {
    struct wh_door_item item; // first: an item is its submission
    wh_submitted_fn on_answer;
    void *arg;
};

static void submitted_free(struct submitted *submitted)
{
    wh_arena_done(&submitted->item.arena);
    free(submitted);
}

void wh_submit_answer(struct wh_door_item *item, const Whistle__V1__Answer *answer)
{
    struct submitted *submitted = (struct submitted *)item;
    submitted->on_answer(submitted->arg, answer != NULL ? 0 : WH_E_TIMEOUT, answer);
    submitted_free(submitted);
}

static const struct wh_route *route_of(const struct wh_service *service, uint32_t what)
{
    for (size_t i = 0; i < service->n_routes; i++)
        if (service->routes[i].what == what && service->routes[i].on != NULL)
            return &service->routes[i];
    return NULL;
}

// Its own copy of the command: packed and unpacked again, as if it had come through the door.
static int take_command(struct submitted *submitted, const struct wh_service *service,
                        const ProtobufCMessage *command)
{
    struct wh_door_item *item = &submitted->item;
    size_t n = 0;
    const uint8_t *bytes = wh_pack(command, &item->arena, &n);
    if (bytes == NULL)
        return WH_E_NOMEM;
    const ProtobufCMessage *own = wh_unpack(service->command, &item->arena, bytes, n, NULL);
    if (own == NULL)
        return WH_E_INVALID;
    item->item.what = wh_oneof_get(own, &item->item.message);
    item->route = route_of(service, item->item.what);
    crypto_generichash(item->digest, sizeof item->digest, bytes, n, NULL, 0);
    return item->route != NULL ? 0 : WH_E_INVALID;
}

static int take_actor(struct submitted *submitted, const struct wh_runtime *runtime,
                      const struct wh_actor *actor)
{
    struct wh_door_item *item = &submitted->item;
    const char *identity = wh_arena_strdup(&item->arena, actor->identity);
    const char *officer = wh_arena_strdup(&item->arena, actor->officer);
    if (identity == NULL || officer == NULL)
        return WH_E_NOMEM;
    item->item.actor = (struct wh_actor){identity, officer, identity, actor->roles};
    (void)snprintf(item->principal, sizeof item->principal, "%s>%s", runtime->key.identity,
                   identity);
    return item->route->roles == 0 || (item->route->roles & actor->roles) != 0 ? 0 : WH_E_DENIED;
}

static void take_id(struct submitted *submitted, struct wh_uuid id)
{
    if (wh_uuid_is_nil(id)) {
        uint8_t rnd[10];
        randombytes_buf(rnd, sizeof rnd);
        id = wh_uuid7_make(wh_wall_ms(), rnd);
    }
    submitted->item.item.request_id = id;
}

int wh_submit(struct wh_runtime *runtime, const struct wh_submission *submission)
{
    if (!wh_serving(runtime) || wh_disk_look(runtime) == WH_DISK_FULL)
        return WH_E_BUSY;
    struct submitted *submitted = calloc(1, sizeof *submitted);
    if (submitted == NULL)
        return WH_E_NOMEM;
    wh_arena_init(&submitted->item.arena, ITEM_CAP);
    submitted->item.inside = true;
    submitted->item.item.kind = WH_ITEM_COMMAND;
    submitted->on_answer = submission->on_answer;
    submitted->arg = submission->arg;
    int status = take_command(submitted, runtime->service, submission->command);
    if (status == 0)
        status = take_actor(submitted, runtime, &submission->actor);
    if (status != 0) {
        submitted_free(submitted);
        return status;
    }
    take_id(submitted, submission->request_id);
    submitted->item.bytes = wh_arena_used(&submitted->item.arena);
    wh_engine_command(runtime->engine, &submitted->item);
    return 0;
}
