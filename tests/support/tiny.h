// SPDX-License-Identifier: Apache-2.0
// A whole service of a few lines that counts, run as a process of its own against a real
// PostgreSQL, and a client for it. For tests of the runtime: turns, kept answers, dead letters,
// ownership, feeds. "intake" counts commands, "dispatch" counts intake's events. The command is
// SupplementWhistle: its number says which counter, its text what to do ("refuse", "same",
// "poison", "timer", else count). With WHISTLE_LATER_S in its environment "dispatch" also follows
// the same events as feed p1, kept back so many seconds, and counts them TINY_LATER further on;
// while the file TINY_PAUSE names is there it takes nothing of the feed intake.
#ifndef WH_TEST_TINY_H
#define WH_TEST_TINY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/id.h"
#include "client/call.h"
#include "client/follow.h"
#include "support/pg.h"

#define TINY_ANSWERS 20000
#define TINY_LATER 500000

struct tiny_answer {
    bool heard;
    int status; // of the call: 0 or WH_E_TIMEOUT
    int64_t seq, at;
    int error; // HTTP status, 0: done
    char rule[40], ref[40], state[24];
};

struct tiny {
    struct pg *pg;
    char dir[64];
    uv_loop_t loop;
    struct wh_bus *bus;
    struct wh_key key;               // a street's
    struct wh_caller *caller, *twin; // the twin: another connection of the same key
    struct tiny_answer answers[TINY_ANSWERS];
    size_t asked, heard;
    struct wh_uuid7_gen ids;
};

// In main, before anything else: runs the service if this process is one (argv[1] is "--tiny").
// Returns false where it is not.
bool tiny_is_service(int argc, char **argv, int *ret_exit);

// Cluster, schemas, tables, keys, doors; aborts the test on failure.
struct tiny *tiny_new(void);
void tiny_free(struct tiny *tiny);

// Starts one: instance 0 or 1 (other endpoints). environment: one more "NAME=value", may be NULL.
pid_t tiny_start(struct tiny *tiny, const char *service, int instance, const char *environment);
// Waits for its end; exit code, or minus the signal.
int tiny_wait(pid_t pid, int ms);
void tiny_kill(pid_t pid);  // SIGKILL and wait
int tiny_stop(pid_t pid);   // SIGTERM and wait
void tiny_retry(pid_t pid); // SIGUSR1: the service tries its first dead letter again
bool tiny_bound(struct tiny *tiny, const char *service, int instance); // something listens there
bool tiny_until(struct tiny *tiny, const char *sql, int64_t value,
                int ms); // a number in the database

// The client of intake's doors (both instances'). give_up_ms as in wh_caller_options.
void tiny_client(struct tiny *tiny, int give_up_ms);
// Asks; the answer's index. id NULL: a new one.
size_t tiny_ask(struct tiny *tiny, int64_t counter, const char *text, const struct wh_uuid *id);
void tiny_twin(struct tiny *tiny); // the next questions go over the other connection
struct wh_uuid tiny_id(struct tiny *tiny);
// Runs the loop until all that was asked is answered. false: not within ms.
bool tiny_answered(struct tiny *tiny, int ms);
void tiny_run(struct tiny *tiny, int ms);
// Asks and waits.
const struct tiny_answer *tiny_say(struct tiny *tiny, int64_t counter, const char *text,
                                   const struct wh_uuid *id);
int64_t tiny_now(void); // mono ms

#endif
