// SPDX-License-Identifier: Apache-2.0
// Speaking to the other services' doors as the caller of a request, and to our own turns. What a
// caller may do is decided there, not here.
#include "gateway/handler.h"
int gateway_call_as(struct gateway *gateway, enum route_door door, const ProtobufCMessage *command,
                    const struct gateway_call_as *as)
{
    if (gateway->callers[door] == NULL)
        return WH_E_NOTFOUND;
    struct wh_arena arena;
    size_t n = 0;
    wh_arena_init(&arena, GATEWAY_COMMAND_MAX);
    const uint8_t *body = wh_pack(command, &arena, &n);
    struct wh_call call = {
        .request_id = as->request_id,
        .officer = as->officer,
        .acting_for = as->identity,
        .body = body,
        .body_n = n,
        .on_answer = as->fn,
        .arg = as->arg,
    };
    int status = body != NULL ? wh_caller_call(gateway->callers[door], &call) : WH_E_NOMEM;
    wh_arena_done(&arena);
    return status;
}

int gateway_call(struct gateway_ask *ask, enum route_door door, const ProtobufCMessage *command,
                 struct wh_uuid request_id, wh_answer_fn fn)
{
    const struct gateway_call_as as = {
        .identity = ask->caller.identity,
        .officer = ask->caller.person,
        .request_id = request_id,
        .fn = fn,
        .arg = ask,
    };
    return gateway_call_as(ask->gateway, door, command, &as);
}

int gateway_submit(struct gateway_ask *ask, const Whistle__V1__GatewayCommand *command,
                   struct wh_uuid request_id, wh_submitted_fn fn, void *arg)
{
    const struct wh_submission submission = {
        .command = &command->base,
        .actor = {.identity = ask->caller.identity,
                  .officer = ask->caller.person,
                  .acting_for = ask->caller.identity,
                  .roles = ask->caller.kinds},
        .request_id = request_id,
        .on_answer = fn,
        .arg = arg,
    };
    return wh_submit(ask->gateway->runtime, &submission);
}
