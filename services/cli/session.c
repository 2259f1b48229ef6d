// SPDX-License-Identifier: Apache-2.0
// Asking a door and waiting for its answer. Sockets, retries and time-outs are the client
// library's.
#include "cli/session.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/text.h"
#include "client/json.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/gateway.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

#define REPLY_BYTES (64u << 20)
#define COMMAND_BYTES (8u << 20)

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *command, *answer;
} doors[DOOR_COUNT] = {
    [DOOR_INTAKE] = {"intake", &whistle__v1__intake_command__descriptor,
                     &whistle__v1__intake_answer__descriptor},
    [DOOR_DEDUP] = {"dedup", &whistle__v1__dedup_command__descriptor,
                    &whistle__v1__dedup_answer__descriptor},
    [DOOR_DISPATCH] = {"dispatch", &whistle__v1__dispatch_command__descriptor,
                       &whistle__v1__dispatch_answer__descriptor},
    [DOOR_GATEWAY] = {"gateway", &whistle__v1__gateway_command__descriptor,
                      &whistle__v1__gateway_answer__descriptor},
};

const char *door_name(enum door door)
{
    return doors[door].name;
}

struct session *session_get(struct cli *cli, struct fault *ret_fault)
{
    if (cli->session)
        return cli->session;
    if (!*cli->key_path) {
        fault_usage(ret_fault, "key",
                    T("没有密钥:用 --key FILE 或环境变量 WHISTLE_KEY",
                      "no key: --key FILE or WHISTLE_KEY"));
        return NULL;
    }
    struct session *session = must(calloc(1, sizeof *session));
    char why[256] = "";
    if (wh_key_read(cli->key_path, &session->key, why, sizeof why) < 0) {
        fault_usage(ret_fault, "key", "%s", why);
        free(session);
        return NULL;
    }
    if (uv_loop_init(&session->loop) < 0 || wh_bus_new(&session->loop, &session->bus) < 0)
        must(NULL);
    return cli->session = session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < DOOR_COUNT; i++)
        wh_caller_free(session->callers[i]);
    uv_run(&session->loop, UV_RUN_NOWAIT);
    wh_bus_free(session->bus);
    for (int turns = 0; uv_loop_close(&session->loop) == UV_EBUSY && turns < 100; turns++)
        uv_run(&session->loop, UV_RUN_NOWAIT); // handles close over the next turns
    sodium_memzero(&session->key, sizeof session->key);
    free(session);
}

void session_run(struct session *session, const bool *stop)
{
    while (!*stop && uv_run(&session->loop, UV_RUN_ONCE))
        ;
}

static void on_pause(uv_timer_t *timer)
{
    (void)timer;
}

void session_pause(struct session *session, uint64_t ms)
{
    uv_timer_t timer;
    uv_timer_init(&session->loop, &timer);
    uv_timer_start(&timer, on_pause, ms, 0);
    while (uv_is_active((uv_handle_t *)&timer))
        uv_run(&session->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&session->loop, UV_RUN_NOWAIT);
}

int session_door(struct cli *cli, const char *kind, const char *name, struct wh_door *ret_door,
                 struct fault *ret_fault)
{
    char why[256] = "";
    if (!*cli->doors_path) {
        fault_usage(ret_fault, "doors",
                    T("没有服务地址文件:用 --doors FILE 或环境变量 WHISTLE_DOORS",
                      "no doors file: --doors FILE or WHISTLE_DOORS"));
        return -1;
    }
    int r = wh_doors_find(cli->doors_path, kind, name, ret_door, why, sizeof why);
    if (r < 0)
        fault_usage(ret_fault, "doors", "%s: %s %s: %s", cli->doors_path, kind, name,
                    *why ? why : wh_strerror(r));
    return r < 0 ? -1 : 0;
}

bool session_has_door(const struct cli *cli, enum door door)
{
    struct wh_door found;
    int r = *cli->doors_path
                ? wh_doors_find(cli->doors_path, "door", doors[door].name, &found, NULL, 0)
                : WH_E_INVALID;
    return r != WH_E_NOTFOUND;
}

struct wh_caller *session_caller(struct cli *cli, enum door door, struct fault *ret_fault)
{
    struct session *session = session_get(cli, ret_fault);
    if (!session)
        return NULL;
    if (session->callers[door])
        return session->callers[door];
    struct wh_caller_options options = {.key = session->key,
                                        .key_file = cli->key_path,
                                        .doors_file = cli->doors_path,
                                        .give_up_ms = cli->timeout_ms};
    if (session_door(cli, "door", doors[door].name, &options.door, ret_fault) < 0)
        return NULL;
    int r = wh_caller_new(session->bus, &options, &session->callers[door]);
    sodium_memzero(&options.key, sizeof options.key);
    if (r < 0) {
        fault_usage(ret_fault, "doors", "%s: %s", options.door.endpoints[0], wh_strerror(r));
        return NULL;
    }
    return session->callers[door];
}

void reply_init(struct reply *reply)
{
    *reply = (struct reply){0};
}

void reply_done(struct reply *reply)
{
    if (reply->answer)
        whistle__v1__answer__free_unpacked(reply->answer, NULL);
    if (reply->has_arena)
        wh_arena_done(&reply->arena);
    reply_init(reply);
}

static int take_body(struct reply *reply, enum door door, const Whistle__V1__Answer *answer)
{
    struct wh_wire_fault wire = {0};
    wh_arena_init(&reply->arena, REPLY_BYTES);
    reply->has_arena = true;
    const ProtobufCMessage *message = wh_unpack_ample(doors[door].answer, &reply->arena,
                                                      answer->body.data, answer->body.len, &wire);
    if (message && wh_oneof_get(message, &reply->body))
        return 0;
    fault_set(&reply->fault, 502, "protocol",
              T("%s 的回答读不懂: %s", "cannot read the answer of %s: %s"), doors[door].name,
              wire.field);
    return -1;
}

int reply_take(struct reply *reply, enum door door, int status, const Whistle__V1__Answer *answer)
{
    fault_request(&reply->fault, &reply->request_id);
    if (status < 0 && !(answer && answer->error)) {
        fault_silence(&reply->fault, doors[door].name);
        return -1;
    }
    if (answer->error) {
        fault_of_error(&reply->fault, answer->error);
        return -1;
    }
    size_t n = whistle__v1__answer__get_packed_size(answer);
    uint8_t *bytes = must(malloc(n + 1));
    whistle__v1__answer__pack(answer, bytes);
    reply->answer = must(whistle__v1__answer__unpack(NULL, n, bytes));
    free(bytes);
    return reply->answer->done ? 0 : take_body(reply, door, reply->answer);
}

struct waiting {
    struct reply *reply;
    enum door door;
    int result;
    bool done;
};

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct waiting *waiting = arg;
    waiting->result = reply_take(waiting->reply, waiting->door, status, answer);
    waiting->done = true;
}

int session_request_id(struct cli *cli, struct wh_uuid *ret_id, struct fault *ret_fault)
{
    static struct wh_uuid7_gen generator;
    const char *given = args_text(&cli->args, "request-id");
    if (given) {
        if (wh_uuid_parse(given, ret_id) == 0)
            return 0;
        fault_usage(ret_fault, "request-id", "%s", T("应为 UUID", "must be a UUID"));
        return -1;
    }
    uint8_t random[10];
    randombytes_buf(random, sizeof random);
    *ret_id = wh_uuid7_next(&generator, cli_now(), random);
    return 0;
}

int session_ask(struct cli *cli, enum door door, const void *body, size_t n, struct reply *reply)
{
    struct waiting waiting = {.reply = reply, .door = door};
    struct wh_caller *caller = session_caller(cli, door, &reply->fault);
    if (!caller || session_request_id(cli, &reply->request_id, &reply->fault) < 0)
        return -1;
    const char *acting_for = args_text(&cli->args, "acting-for");
    struct wh_call call = {.request_id = reply->request_id,
                           .officer = cli->officer,
                           .acting_for = acting_for ? acting_for : "",
                           .body = body,
                           .body_n = n,
                           .on_answer = on_answer,
                           .arg = &waiting};
    int r = wh_caller_call(caller, &call);
    if (r < 0) {
        fault_set(&reply->fault, 500, "internal", "%s", wh_strerror(r));
        return -1;
    }
    session_run(cli->session, &waiting.done);
    return waiting.result;
}

int session_query(struct cli *cli, enum door door, int patience_ms, const void *body, size_t n,
                  struct reply *reply)
{
    struct session *session = session_get(cli, &reply->fault);
    if (!session)
        return -1;
    struct wh_caller *kept = session->callers[door];
    int timeout_ms = cli->timeout_ms;
    json_t *id = json_incref(json_object_get(cli->args.kept, "request-id"));
    json_object_del(cli->args.kept, "request-id");
    session->callers[door] = NULL;
    cli->timeout_ms = timeout_ms > 0 && timeout_ms < patience_ms ? timeout_ms : patience_ms;
    int r = session_ask(cli, door, body, n, reply);
    wh_caller_free(session->callers[door]);
    session->callers[door] = kept;
    cli->timeout_ms = timeout_ms;
    if (id)
        json_object_set_new(cli->args.kept, "request-id", id);
    return r;
}

void *session_pack(enum door door, const char *command, json_t *body, size_t *ret_n,
                   struct fault *ret_fault)
{
    struct wh_arena arena;
    struct wh_wire_fault wire = {0};
    json_t *whole = must(json_pack("{s:O}", command, body));
    wh_arena_init(&arena, COMMAND_BYTES);
    ProtobufCMessage *message = wh_json_to(doors[door].command, whole, &arena, &wire);
    json_decref(whole);
    uint8_t *bytes = NULL;
    if (message) {
        *ret_n = protobuf_c_message_get_packed_size(message);
        bytes = must(malloc(*ret_n + 1));
        protobuf_c_message_pack(message, bytes);
    } else {
        fault_of_wire(ret_fault, &wire);
    }
    wh_arena_done(&arena);
    return bytes;
}

int session_ask_json(struct cli *cli, enum door door, const char *command, json_t *body,
                     struct reply *reply)
{
    size_t n = 0;
    void *bytes = session_pack(door, command, body, &n, &reply->fault);
    if (!bytes)
        return -1;
    int r = session_ask(cli, door, bytes, n, reply);
    free(bytes);
    return r;
}
