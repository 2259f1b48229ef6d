// SPDX-License-Identifier: Apache-2.0
// The turn engine: commands, events of other services and due timers come in; one turn at a time
// decides them and makes them durable; then answers leave and the feed moves. Knows no sockets.
#ifndef WH_RUNTIME_TURN_H
#define WH_RUNTIME_TURN_H

#include "runtime/journal.h"
#include "runtime/runtime.h"

struct wh_feed_batch; // follows.h

int wh_engine_new(struct wh_runtime *runtime, struct wh_engine **ret_engine);
// Asynchronous: its handles close on the loop, then it frees itself.
void wh_engine_close(struct wh_engine *engine);

// The owner's values; turns may begin.
void wh_engine_serve(struct wh_engine *engine, int64_t epoch, int64_t seq,
                     const uint8_t hash[WH_HASH_SIZE], int64_t last_at);
// Everything in hand is given up: commands whose outcome is unknown get no answer, others BUSY.
void wh_engine_void(struct wh_engine *engine);
// Nothing in flight, nothing waits that could begin now.
bool wh_engine_idle(const struct wh_engine *engine);
size_t wh_engine_waiting(const struct wh_engine *engine); // for a turn, not for time or a pause
// Events of a followed feed that wait for their time or for the end of a pause.
size_t wh_engine_held(const struct wh_engine *engine, size_t follow);
bool wh_engine_paused(const struct wh_engine *engine);
// How long the oldest item that waits or is in the turn in hand has been here.
int64_t wh_engine_oldest_ms(const struct wh_engine *engine);
// What turns and questions take for the time, ms UTC (clock.h).
int64_t wh_engine_now(const struct wh_engine *engine);
// How far that is ahead of the wall clock, which jumped back; 0: not. Tells the log of new jumps.
int64_t wh_engine_ahead(struct wh_engine *engine);
int64_t wh_engine_head(const struct wh_engine *engine);
int64_t wh_engine_epoch(const struct wh_engine *engine);

// A command that the door took.
void wh_engine_command(struct wh_engine *engine, struct wh_door_item *item);

// An event of followed feed `follow`. batch: given back through wh_feed_batch_done when the work is
// finished with. upto, hash (NULL: unknown): where the feed's cursor stands once it is taken.
struct wh_engine_event {
    struct wh_feed_batch *batch;
    size_t follow;
    const Whistle__V1__Event *event;
    const ProtobufCMessage *payload; // NULL: cannot be read; goes to the dead letters
    int64_t upto;
    const uint8_t *hash;
};
int wh_engine_event(struct wh_engine *engine, const struct wh_engine_event *event);
// How many items one turn may hold; how long after a start timers wait, and how long every command
// is looked up among the kept answers first.
void wh_engine_limit(struct wh_engine *engine, size_t items, int64_t timers_grace_ms,
                     int64_t ask_ms);

// Open dead letters by object, while rebuilding.
void wh_engine_parked(struct wh_engine *engine, int64_t object, int64_t count);
size_t wh_engine_parked_count(const struct wh_engine *engine); // objects
size_t wh_engine_parked_letters(const struct wh_engine *engine);

#endif
