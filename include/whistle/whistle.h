// SPDX-License-Identifier: Apache-2.0
// libwhistle (吹哨报到): raise whistles, follow a department's tasks, answer them, from your own
// program.
//
// A session speaks with one key (whose key, such are its rights) and finds the doors of the
// services in a doors file. It lives in one thread, in your libuv loop or in its own. Nothing
// blocks except wh_session_run and wh_session_close. Commands are sent again under the same request
// id until they are answered, so a lost answer never acts twice; events are followed after a cursor
// in a file, so a program that is killed goes on where it was: after a kill the last batch may come
// again, never less.
//
// Rules for all functions: int results are 0 or a negative error (wh_strerror gives its text). Text
// is UTF-8. Times are milliseconds since 1970 UTC. Pointers handed to a callback live until it
// returns; pointers handed to a function are copied before it returns. Unless said otherwise a
// callback may call any function but wh_session_run and wh_session_close.
//
//     cc department.c $(pkg-config --cflags --libs whistle)
#ifndef WHISTLE_WHISTLE_H
#define WHISTLE_WHISTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include <whistle/v1/dedup.pb-c.h>
#include <whistle/v1/dispatch.pb-c.h>
#include <whistle/v1/envelope.pb-c.h>
#include <whistle/v1/intake.pb-c.h>

#ifdef __cplusplus
extern "C" {
#endif

// English text of an error, never NULL, static.
const char *wh_strerror(int error);

// ---- session ----------------------------------------------------------------------------------

struct wh_session;

struct wh_session_options {
    uv_loop_t *loop;      // yours; NULL: the session makes one
    const char *key_file; // NULL: environment WHISTLE_KEY
    const char
        *doors_file; // NULL: WHISTLE_DOORS, else "doors" beside the key file or one folder above
    int give_up_ms;  // a command without answer; 0: 30,000; -1: never
};

// Reads both files; connects when something is sent. why (of why_n bytes, may be NULL) tells what
// is wrong, with file and line. The session is yours until wh_session_close.
int wh_session_open(const struct wh_session_options *options, struct wh_session **ret_session,
                    char *why, size_t why_n);
// Ends everything, also its subscriptions; commands without answer are forgotten without a
// callback. May block for up to half a second while the last messages leave. NULL is fine. Not in a
// callback.
void wh_session_close(struct wh_session *session);
// For timers and signals of your own.
uv_loop_t *wh_session_loop(struct wh_session *session);
// Runs the loop until wh_session_stop. Not in a callback.
void wh_session_run(struct wh_session *session);
void wh_session_stop(struct wh_session *session);
// Whose key this is: code of a unit or department. Borrowed.
const char *wh_session_identity(const struct wh_session *session);

// ---- commands ---------------------------------------------------------------------------------

enum wh_reply_kind {
    WH_REPLY_DONE,      // a command took effect; `done` tells its event
    WH_REPLY_ANSWER,    // a question's answer; `dispatch`, `intake` or `dedup` is set
    WH_REPLY_REFUSED,   // `error` tells the rule and the field, also BUSY after give_up_ms
    WH_REPLY_NO_ANSWER, // nothing came in give_up_ms: the effect is unknown; ask again, same id
};

struct wh_reply {
    enum wh_reply_kind kind;
    const Whistle__V1__Done *done;
    const Whistle__V1__Error *error;
    const Whistle__V1__DispatchAnswer *dispatch;
    const Whistle__V1__IntakeAnswer *intake;
    const Whistle__V1__DedupAnswer *dedup;
};

typedef void (*wh_reply_fn)(void *arg, const struct wh_reply *reply);

// How one command is sent. NULL in its place, or a zeroed one, is fine.
struct wh_request {
    const uint8_t *id;      // 16 bytes, a UUIDv7; NULL: one is made
    const char *officer;    // code of the person who acts; NULL: none
    const char *acting_for; // for gateways; NULL: none
    wh_reply_fn on_reply;   // NULL: nobody wants to know
    void *arg;
    bool urgent; // waits behind nothing of this program; what is raised as P1 by name always is
};

// A fresh id. Keep it beside the command on disk where a command must survive your own restart.
void wh_request_id(uint8_t ret_id[16]);
// An id that is the same whenever it is made of the same time and text, e.g. an event's `at` and
// "sign/" + task: acting again on an event that came twice then has no second effect. Valid while
// `at` is not older than 30 days.
void wh_request_id_from(int64_t at, const char *text, uint8_t ret_id[16]);

// Any command or question of the vocabulary. 0, or an error when it cannot be sent at all: no
// memory, more than 100,000 waiting, no such door in the doors file, or the id is on its way
// already.
int wh_send_intake(struct wh_session *session, const Whistle__V1__IntakeCommand *command,
                   const struct wh_request *request);
int wh_send_dispatch(struct wh_session *session, const Whistle__V1__DispatchCommand *command,
                     const struct wh_request *request);
int wh_send_dedup(struct wh_session *session, const Whistle__V1__DedupCommand *command,
                  const struct wh_request *request);

// The common ones, without protobuf. Errors as wh_send_intake; whether a field is good decides the
// service, in the reply.

struct wh_whistle {
    const char *unit;               // who raises; NULL: the key's own
    const char *category;           // needed
    const char *title;              // needed, at most 100 characters
    const char *text;               // at most 5,000 characters
    Whistle__V1__Priority priority; // 0: the category's
    const char *place_unit, *grid, *address;
    bool has_position;
    double lat, lon; // degrees WGS84
    const char *const *tags;
    size_t n_tags;
    const char *reporter_name, *reporter_phone; // sealed by the service
    bool drill;
};

int wh_whistle_raise(struct wh_session *session, const struct wh_whistle *whistle,
                     const struct wh_request *request);
// The same with every field there is.
int wh_whistle_raise_message(struct wh_session *session, const Whistle__V1__RaiseWhistle *whistle,
                             const struct wh_request *request);
int wh_whistle_show(struct wh_session *session, const char *number,
                    const struct wh_request *request);
int wh_whistle_confirm(struct wh_session *session, const char *number,
                       Whistle__V1__ConfirmVerdict verdict, const char *text,
                       const struct wh_request *request);

// tasks: ids, "{number}-{DEPARTMENT}".
int wh_task_sign(struct wh_session *session, const char *const *tasks, size_t n_tasks,
                 const struct wh_request *request);
int wh_task_check_in(struct wh_session *session, const char *task, const char *note,
                     const struct wh_request *request);
int wh_task_report(struct wh_session *session, const char *task, Whistle__V1__Outcome outcome,
                   const char *text, const struct wh_request *request);
// basis: the legal basis; alternative: code of the department that should have it. Both needed.
int wh_task_refuse(struct wh_session *session, const char *task, Whistle__V1__RefuseReason reason,
                   const char *basis, const char *alternative, const struct wh_request *request);
// The key's own open tasks, what is due next first; at most limit (0: the service's own limit).
int wh_task_list(struct wh_session *session, int limit, const struct wh_request *request);

// One matter, many whistles. `number` leaves its tasks (who has checked in stays, as support) and
// counts as a supporter of the matter `into` stands in. how: 0 DUPLICATE; REOPEN or RECURRING where
// the matter was resolved. reason: may be NULL.
int wh_whistle_join(struct wh_session *session, const char *number, const char *into,
                    Whistle__V1__JoinAs how, const char *reason, const struct wh_request *request);
// It leaves its matter again, with its tasks and clocks as they were; of one that waits for a word:
// it is no duplicate and goes out. The two are not joined by themselves again.
int wh_whistle_split(struct wh_session *session, const char *number, const char *reason,
                     const struct wh_request *request);
// What would this join? Nothing is raised; `dedup->matches`, best first, at most limit (0: 5).
// Reporter, priority, tags and drill do not matter to it.
int wh_whistle_preview(struct wh_session *session, const struct wh_whistle *whistle, int limit,
                       const struct wh_request *request);
// The matter that a whistle stands in: `dedup->matter`.
int wh_whistle_matter(struct wh_session *session, const char *number,
                      const struct wh_request *request);

// ---- following --------------------------------------------------------------------------------

struct wh_subscription;

struct wh_event {
    const char *feed;
    int64_t seq; // rises; the cursor
    int64_t at;
    const Whistle__V1__Event *envelope;         // who, why, and the packed payload
    const Whistle__V1__DispatchEvent *dispatch; // feed dispatch, where this library knows its words
    const Whistle__V1__IntakeEvent *intake;     // feed intake
    const Whistle__V1__DedupEvent *dedup;       // feed dedup
};

typedef void (*wh_event_fn)(void *arg, struct wh_subscription *subscription,
                            const struct wh_event *event);

struct wh_subscribe {
    const char *feed;            // NULL: "dispatch"
    const char *cursor_file;     // NULL: the publisher remembers, under `name`
    const char *name;            // shown to operators, with how far behind it is; NULL: none
    const char *const *subjects; // codes of units and departments
    size_t n_subjects;           // 0: all that the key may hear
    // Events in order. When it has returned for all of a batch the cursor is written: what it did
    // must be durable by then, unless `manual`.
    wh_event_fn on_event;
    bool manual; // the cursor moves only with wh_subscription_done
    // Something that needs a person: not allowed, the cursor cannot be written, or (WH_REWOUND) the
    // journal is not the one that was followed: then nothing more comes until
    // wh_subscription_restart. May be NULL.
    void (*on_trouble)(void *arg, struct wh_subscription *subscription, int error,
                       const char *text);
    void *arg;
};

#define WH_REWOUND (-15) // the error of on_trouble, and of wh_strerror

// Connects, and again whenever the connection is lost or silent. 0, or an error: no such feed in
// the doors file, a cursor file that cannot be read (a missing one begins at the beginning), no
// memory.
int wh_subscribe(struct wh_session *session, const struct wh_subscribe *options,
                 struct wh_subscription **ret_subscription);
// No callback comes after it. The session does it too when it closes.
void wh_subscription_close(struct wh_subscription *subscription);
// manual: everything up to this event's seq is durable. Moves the cursor to the end of the last
// batch that is done as a whole. 0, or the error of writing the cursor (then it is tried again with
// the next call).
int wh_subscription_done(struct wh_subscription *subscription, int64_t seq);
// After WH_REWOUND: follow again after this seq (0: from the beginning), forgetting the old past.
void wh_subscription_restart(struct wh_subscription *subscription, int64_t seq);
// Whether all that the publisher has was taken.
bool wh_subscription_caught_up(const struct wh_subscription *subscription);

// What a department wants to know first.
struct wh_new_task {
    char id[72];
    char number[32];
    const char *title, *category; // "" where the event does not carry them
    Whistle__V1__Priority priority;
    Whistle__V1__Part part;
    int64_t due_sign, due_checkin, due_report, due_resolve; // 0: none
};

// True when the event calls this department: a fresh whistle, one added later, a ruling that gave
// it the task, or a split that gives it back a task a join had cancelled (part 0 then; it may be
// signed already). The texts live as long as the event.
bool wh_event_new_task(const struct wh_event *event, const char *department,
                       struct wh_new_task *ret_task);

#ifdef __cplusplus
}
#endif

#endif
