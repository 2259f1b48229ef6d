// SPDX-License-Identifier: Apache-2.0
// The turn engine's insides, shared by inbox.c and lanes.c (what waits), take.c (what a turn takes
// of it), turn.c (load and decide), emit.c (what a handler may do), commit.c (one transaction and
// its outcomes), answer.c (answers, kept ones too) and deadletter.c (what is parked). Outside:
// turn.h.
#ifndef WH_RUNTIME_ENGINE_H
#define WH_RUNTIME_ENGINE_H

#include <sodium.h>

#include "base/map.h"
#include "runtime/batch.h"
#include "runtime/clock.h"
#include "runtime/figures.h"
#include "runtime/follows.h"
#include "runtime/lanes.h"
#include "runtime/owner.h"
#include "runtime/runtime.h"
#include "runtime/turn.h"

#define TURN_ITEMS_MAX 512
#define TURN_ARENA_CAP ((size_t)64 << 20)
#define PENDING_BUCKETS 4096
#define ASK_MAX 256

enum wh_outcome {
    WH_OUT_NOTHING,
    WH_OUT_EVENT,   // seq and done tell which
    WH_OUT_DONE,    // no event; done tells
    WH_OUT_REFUSED, // error
    WH_OUT_PARKED,  // stands in the dead letters now
    WH_OUT_LATER,   // a timer put off
    WH_OUT_ASK,     // refused without a trace: only if no answer was kept earlier
};

// Dead letters of one object that are tried again, in order. Freed with its last work.
struct wh_retry {
    int64_t object;
    size_t works;
    bool failed; // the rest is given up
};

// One thing that waits for a turn or is in one.
struct wh_work {
    struct wh_work *next;
    struct wh_work *chain, *repeats; // commands: pending table; the same request come again
    const struct wh_item *item;
    struct wh_item own; // event, timer
    uint64_t since;     // loop time when it came; of a delayed event: from when it may be taken
    struct wh_door_item *door;
    struct wh_feed_batch *batch; // event
    size_t follow;               // event: index into service->follows
    int64_t upto;                // event: the feed's cursor when it is done
    uint8_t hash[WH_HASH_SIZE];
    bool has_hash;
    struct wh_retry *retry; // event from the dead letters
    int64_t dead_id;
    bool asked;     // command: no answer is kept for it
    bool condemned; // goes to the dead letters in the next turn
    char sqlstate[6];
    char why[160];
    // in this try
    enum wh_outcome outcome;
    int64_t seq;
    struct wh_done done;
    const Whistle__V1__Error *error;
};

// An event made in the turn; body and subjects are the turn arena's.
struct wh_emitted {
    struct wh_journal_row row;
};

// Keys to load with one loader.
struct wh_needs {
    struct wh_batch batch;
    struct wh_map index; // 'L': key → place
    int64_t *keys;
    bool *found;
    size_t n, cap;
};

struct wh_mark {
    size_t emits, timers;
    int64_t seq;
    uint8_t hash[WH_HASH_SIZE];
};

struct wh_turn {
    struct wh_engine *engine;
    struct wh_arena arena;
    int64_t now;
    struct wh_work *works[TURN_ITEMS_MAX];
    size_t n;
    struct wh_work *current; // being decided
    struct wh_emitted *emits;
    size_t n_emits, cap_emits;
    struct wh_timer *timers; // set by handlers, in order
    size_t n_timers, cap_timers;
    int64_t seq; // of the last emitted, or the head's
    uint8_t hash[WH_HASH_SIZE];
    struct wh_batch journal, answer, cursor, dead, retried;
    struct wh_batch *own;   // service->statements
    struct wh_needs *needs; // service->loaders
    bool any_needs;
    struct wh_mark mark;
    size_t *own_marks;
};

enum wh_engine_state {
    WH_ENGINE_IDLE,
    WH_ENGINE_LOADING,
    WH_ENGINE_DECIDING,
    WH_ENGINE_COMMITTING
};

struct wh_engine {
    struct wh_runtime *runtime;
    uv_prepare_t prepare;
    uv_timer_t wake; // for the next due timer
    bool serving;
    enum wh_engine_state state;
    unsigned generation; // changes when memory is void
    int64_t epoch, seq;
    struct wh_clock clock;
    uint8_t hash[WH_HASH_SIZE];
    struct wh_lanes fresh, inbox; // commands: to be looked up first; ready
    struct wh_list asked;         // being looked up
    struct wh_list events[WH_FOLLOWS_MAX], condemned;
    size_t next_feed;
    bool odd;
    bool paused; // events wait because the service wants none now
    struct wh_work *pending[PENDING_BUCKETS];
    uint8_t pending_key[crypto_shorthash_KEYBYTES];
    struct wh_work *spare;
    size_t items_max, limit; // how many a turn takes; fewer after one that the database refused
    unsigned repeats;        // class 40 failures in a row
    int64_t
        ask_until; // mono; commands are looked up among the kept answers before they are decided
    bool timers_open;
    int64_t served_at; // mono
    int64_t timers_grace_ms, ask_ms;
    int64_t sent_ms;               // mono
    uint64_t began, loading, sent; // uv_hrtime
    struct wh_turn turn;
    struct wh_map parked; // object → open dead letters
    size_t n_parked;      // their sum
    int64_t mark_at;      // mono ms of the last write of cursors alone
    int64_t trim_at;
};

// inbox.c
struct wh_work *wh_work_new(struct wh_engine *engine);
void wh_work_free(struct wh_engine *engine, struct wh_work *work);
void wh_pending_remove(struct wh_engine *engine, struct wh_work *work);
void wh_inbox_ask(struct wh_engine *engine);
bool wh_inbox_asking(const struct wh_engine *engine);
size_t wh_inbox_waiting(const struct wh_engine *engine); // but events of feeds
void wh_inbox_void(struct wh_engine *engine);

// The newest durable time is `at`, reached now.
void wh_engine_stood(struct wh_engine *engine, int64_t at);

// take.c: fills an empty turn from what waits and is due
void wh_turn_take(struct wh_engine *engine);
// May the first event that waits of this feed begin?
bool wh_event_open(const struct wh_engine *engine, size_t follow);
// When to look again: ms until the first delayed event may begin, or the pause may be over; at most
// `wait`.
uint64_t wh_events_wait(const struct wh_engine *engine, uint64_t wait);

// turn.c
void wh_turn_begin(struct wh_engine *engine);
void wh_turn_requeue(struct wh_engine *engine, size_t from); // works[from …) back to the front
void wh_turn_clear(struct wh_turn *turn);
void wh_turn_mark(struct wh_turn *turn);
void wh_turn_undo(struct wh_turn *turn);

// commit.c
void wh_turn_commit(struct wh_engine *engine);
void wh_turn_give_up(struct wh_engine *engine); // shelves, timers, hooks: as before the turn

// answer.c
int wh_answer_keep(struct wh_turn *turn, struct wh_work *work);
void wh_answer_send(struct wh_engine *engine, struct wh_work *work);
// A row of WH_R_KEPT belongs to this work: answers it (and its repeats). false: cannot be read.
bool wh_answer_kept(struct wh_engine *engine, struct wh_work *work, const struct wh_row *row);
void wh_answer_busy(struct wh_engine *engine, struct wh_work *work, enum wh_rule rule);
// Nobody knows what became of it: no answer.
void wh_answer_drop(struct wh_engine *engine, struct wh_work *work);

// deadletter.c
bool wh_is_parked(const struct wh_engine *engine, int64_t object);
void wh_parked_add(struct wh_engine *engine, int64_t object, int64_t count);
int wh_park(struct wh_turn *turn, struct wh_work *work);
void wh_retry_release(struct wh_engine *engine, struct wh_work *work);
int64_t wh_work_object(const struct wh_work *work);

#endif
