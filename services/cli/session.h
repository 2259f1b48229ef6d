// SPDX-License-Identifier: Apache-2.0
// The conversation of one run: the key that acts, the doors file, a loop of its own. Asking blocks
// the caller, not the loop: the loop runs until the answer is there or the time is over.
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <uv.h>

#include "base/arena.h"
#include "cli/cli.h"
#include "cli/fault.h"
#include "client/call.h"
#include "client/follow.h"

struct session {
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_key key;
    struct wh_caller *callers[DOOR_COUNT];
};

// Reads the key and opens the bus at the first call. NULL with the fault told.
struct session *session_get(struct cli *cli, struct fault *ret_fault);
void session_free(struct session *session);
// "intake", "dedup", "dispatch".
const char *door_name(enum door door);
int session_door(struct cli *cli, const char *kind, const char *name, struct wh_door *ret_door,
                 struct fault *ret_fault);
// Does the doors file name this door? A question about all services asks those it names. True also
// where the file cannot be read: asking then tells what is wrong.
bool session_has_door(const struct cli *cli, enum door door);
// The caller of a door; give up after cli->timeout_ms. NULL with the fault told.
struct wh_caller *session_caller(struct cli *cli, enum door door, struct fault *ret_fault);

// What a door said, copied. Exactly one of done and body after success.
struct reply {
    struct fault fault;
    struct wh_uuid request_id;
    Whistle__V1__Answer *answer;  // its own allocation
    const ProtobufCMessage *body; // the member of the <Service>Answer that is set
    struct wh_arena arena;        // of body
    bool has_arena;
};

void reply_init(struct reply *reply);
void reply_done(struct reply *reply);
// Takes what came at the end of a call into the reply. 0, or -1 with reply->fault.
int reply_take(struct reply *reply, enum door door, int status, const Whistle__V1__Answer *answer);

// Sends one command and waits. body: the packed command. give_up_ms: 0: the run's own.
// 0, or -1 with reply->fault.
int session_ask(struct cli *cli, enum door door, const void *body, size_t n, struct reply *reply);
// The same for a question of our own beside the run's command: it gives up after patience_ms at the
// latest, and --request-id is not its.
int session_query(struct cli *cli, enum door door, int patience_ms, const void *body, size_t n,
                  struct reply *reply);
// The same for {command: body} as JSON. Field faults name the field inside the command.
int session_ask_json(struct cli *cli, enum door door, const char *command, json_t *body,
                     struct reply *reply);
// Packs {command: body}. Returns bytes from malloc, NULL with the fault told.
void *session_pack(enum door door, const char *command, json_t *body, size_t *ret_n,
                   struct fault *ret_fault);
// The request id of this run: --request-id, else a new one. 0, or -1 with the fault.
int session_request_id(struct cli *cli, struct wh_uuid *ret_id, struct fault *ret_fault);
// Runs the loop until *stop.
void session_run(struct session *session, const bool *stop);
// Lets the loop run for so long.
void session_pause(struct session *session, uint64_t ms);

#endif
