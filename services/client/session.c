// SPDX-License-Identifier: Apache-2.0
// A session of the public library: files to key and doors, one caller a service, replies turned
// from envelopes into what a program wants to see. Owns the bus and, if asked to, the loop.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/id.h"
#include "client/copy.h"
#include "client/session_internal.h"

#define ANSWER_MAX ((size_t)32 << 20)

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *answer;
} services[WH_SERVICE_COUNT] = {
    [WH_SERVICE_INTAKE] = {"intake", &whistle__v1__intake_answer__descriptor},
    [WH_SERVICE_DEDUP] = {"dedup", &whistle__v1__dedup_answer__descriptor},
    [WH_SERVICE_DISPATCH] = {"dispatch", &whistle__v1__dispatch_answer__descriptor},
};

struct request {
    struct wh_session *session;
    enum wh_service service;
    wh_reply_fn on_reply;
    void *arg;
};

// ---- opening and closing ----------------------------------------------------------------------

static int complain(char *why, size_t why_n, const char *text)
{
    if (why)
        (void)snprintf(why, why_n, "%s", text);
    return WH_E_INVALID;
}

static bool beside(const char *key_file, const char *up, char *ret_path, size_t n)
{
    const char *slash = strrchr(key_file, '/');
    int folder = slash ? (int)(slash - key_file + 1) : 0;
    int length = snprintf(ret_path, n, "%.*s%sdoors", folder, key_file, up);

    return length > 0 && (size_t)length < n && access(ret_path, R_OK) == 0;
}

static int find_doors(struct wh_session *session, const char *key_file, const char *given,
                      char *why, size_t why_n)
{
    size_t room = sizeof(session->doors_file);

    if (!given)
        given = getenv("WHISTLE_DOORS");
    if (given && strlen(given) < room) {
        copy_text(session->doors_file, room, given);
        return 0;
    }
    if (!given && (beside(key_file, "", session->doors_file, room) ||
                   beside(key_file, "../", session->doors_file, room)))
        return 0;
    return complain(why, why_n, "no doors file: name it, or set WHISTLE_DOORS");
}

static int read_files(struct wh_session *session, const struct wh_session_options *options,
                      char *why, size_t why_n)
{
    const char *key_file = options->key_file ? options->key_file : getenv("WHISTLE_KEY");
    int rc;

    if (!key_file)
        return complain(why, why_n, "no key file: name it, or set WHISTLE_KEY");
    if (strlen(key_file) >= sizeof(session->key_file))
        return complain(why, why_n, "the key file's name is too long");
    copy_text(session->key_file, sizeof(session->key_file), key_file);
    rc = wh_key_read(key_file, &session->key, why, why_n);
    return rc < 0 ? rc : find_doors(session, key_file, options->doors_file, why, why_n);
}

static int start_loop(struct wh_session *session, uv_loop_t *loop)
{
    session->loop = loop;
    if (loop)
        return 0;
    session->loop = &session->own_loop;
    if (uv_loop_init(&session->own_loop) < 0)
        return WH_E_NOMEM;
    session->owns_loop = true;
    return 0;
}

int wh_session_open(const struct wh_session_options *options, struct wh_session **ret_session,
                    char *why, size_t why_n)
{
    struct wh_session *session = calloc(1, sizeof(*session));
    int rc;

    if (!session)
        return WH_E_NOMEM;
    session->give_up_ms = options->give_up_ms;
    wh_arena_init(&session->arena, ANSWER_MAX);
    rc = sodium_init() < 0 ? WH_E_IO : read_files(session, options, why, why_n);
    if (rc == 0)
        rc = start_loop(session, options->loop);
    if (rc == 0)
        rc = wh_bus_new(session->loop, &session->bus);
    if (rc < 0) {
        wh_session_close(session);
        return rc;
    }
    *ret_session = session;
    return 0;
}

void wh_session_close(struct wh_session *session)
{
    if (!session)
        return;
    while (session->subscriptions) {
        struct wh_subscription *next = wh_subscription_next(session->subscriptions);

        wh_subscription_release(session->subscriptions);
        session->subscriptions = next;
    }
    for (size_t i = 0; i < WH_SERVICE_COUNT; i++)
        wh_caller_free(session->callers[i]);
    wh_bus_free(session->bus);
    if (session->owns_loop) {
        uv_run(session->loop, UV_RUN_NOWAIT); // our handles' close callbacks
        uv_loop_close(session->loop);
    }
    wh_arena_done(&session->arena);
    sodium_memzero(session, sizeof(*session));
    free(session);
}

uv_loop_t *wh_session_loop(struct wh_session *session)
{
    return session->loop;
}

void wh_session_run(struct wh_session *session)
{
    uv_run(session->loop, UV_RUN_DEFAULT);
}

void wh_session_stop(struct wh_session *session)
{
    uv_stop(session->loop);
}

const char *wh_session_identity(const struct wh_session *session)
{
    return session->key.identity;
}

// ---- request ids ------------------------------------------------------------------------------

void wh_request_id(uint8_t ret_id[16])
{
    struct timespec now;
    uint8_t random[10];
    struct wh_uuid id;

    clock_gettime(CLOCK_REALTIME, &now);
    randombytes_buf(random, sizeof(random));
    id = wh_uuid7_make((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, random);
    memcpy(ret_id, id.b, sizeof(id.b));
}

void wh_request_id_from(int64_t at, const char *text, uint8_t ret_id[16])
{
    uint8_t hash[16];
    struct wh_uuid id;

    crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, strlen(text), NULL, 0);
    id = wh_uuid7_make(at, hash);
    memcpy(ret_id, id.b, sizeof(id.b));
}

// ---- sending ----------------------------------------------------------------------------------

static void unpack_body(struct request *request, const Whistle__V1__Answer *answer,
                        struct wh_reply *reply)
{
    struct wh_arena *arena = &request->session->arena;
    const ProtobufCMessage *body;

    wh_arena_reset(arena);
    body = wh_unpack_ample(services[request->service].answer, arena, answer->body.data,
                           answer->body.len, NULL);
    reply->kind = WH_REPLY_ANSWER;
    if (request->service == WH_SERVICE_INTAKE)
        reply->intake = (const Whistle__V1__IntakeAnswer *)body;
    else if (request->service == WH_SERVICE_DEDUP)
        reply->dedup = (const Whistle__V1__DedupAnswer *)body;
    else
        reply->dispatch = (const Whistle__V1__DispatchAnswer *)body;
}

static void on_answer(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct request *request = arg;
    struct wh_reply reply = {.kind = WH_REPLY_NO_ANSWER};

    if (status == 0 && answer->error) {
        reply.kind = WH_REPLY_REFUSED;
        reply.error = answer->error;
    } else if (status == 0 && answer->done) {
        reply.kind = WH_REPLY_DONE;
        reply.done = answer->done;
    } else if (status == 0) {
        unpack_body(request, answer, &reply);
    }
    if (request->on_reply)
        request->on_reply(request->arg, &reply);
    free(request);
}

static int ensure_caller(struct wh_session *session, const char *service, struct wh_caller **caller)
{
    struct wh_caller_options options = {.key = session->key,
                                        .key_file = session->key_file,
                                        .doors_file = session->doors_file,
                                        .give_up_ms = session->give_up_ms};
    int rc;

    if (*caller)
        return 0;
    rc = wh_doors_find(session->doors_file, "door", service, &options.door, NULL, 0);
    return rc < 0 ? rc : wh_caller_new(session->bus, &options, caller);
}

static int send_packed(struct wh_session *session, enum wh_service service, const uint8_t *body,
                       size_t n, const struct wh_request *how)
{
    static const struct wh_request none;
    struct wh_caller **caller = &session->callers[service];
    struct request *request;
    struct wh_call call = {.body = body, .body_n = n, .on_answer = on_answer};
    int rc = ensure_caller(session, services[service].name, caller);

    if (rc < 0)
        return rc;
    request = malloc(sizeof(*request));
    if (!request)
        return WH_E_NOMEM;
    how = how ? how : &none;
    *request = (struct request){session, service, how->on_reply, how->arg};
    call.officer = how->officer;
    call.acting_for = how->acting_for;
    call.urgent = how->urgent;
    call.arg = request;
    if (how->id)
        memcpy(call.request_id.b, how->id, sizeof(call.request_id.b));
    rc = wh_caller_call(*caller, &call);
    if (rc < 0)
        free(request);
    return rc;
}

static int send_message(struct wh_session *session, enum wh_service service,
                        const ProtobufCMessage *command, const struct wh_request *request)
{
    size_t n = protobuf_c_message_get_packed_size(command);
    uint8_t *body = malloc(n ? n : 1);
    int rc;

    if (!body)
        return WH_E_NOMEM;
    protobuf_c_message_pack(command, body);
    rc = send_packed(session, service, body, n, request);
    free(body);
    return rc;
}

int wh_send_intake(struct wh_session *session, const Whistle__V1__IntakeCommand *command,
                   const struct wh_request *request)
{
    struct wh_request how = {0};

    if (request)
        how = *request;
    if (command->what_case == WHISTLE__V1__INTAKE_COMMAND__WHAT_RAISE &&
        command->raise->priority == WHISTLE__V1__PRIORITY__PRIORITY_P1)
        how.urgent = true;
    return send_message(session, WH_SERVICE_INTAKE, &command->base, &how);
}

int wh_send_dispatch(struct wh_session *session, const Whistle__V1__DispatchCommand *command,
                     const struct wh_request *request)
{
    return send_message(session, WH_SERVICE_DISPATCH, &command->base, request);
}

int wh_send_dedup(struct wh_session *session, const Whistle__V1__DedupCommand *command,
                  const struct wh_request *request)
{
    return send_message(session, WH_SERVICE_DEDUP, &command->base, request);
}
