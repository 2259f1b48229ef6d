// SPDX-License-Identifier: Apache-2.0
// Shared by owner.c (lock, epoch, proof, watch) and rebuild.c (from the lock to serving).
#ifndef WH_RUNTIME_OWNER_INTERNAL_H
#define WH_RUNTIME_OWNER_INTERNAL_H

#include "runtime/owner.h"

#define WH_OWNER_TEXT 288

struct wh_owner {
    struct wh_runtime *runtime;
    uv_timer_t tick;
    int64_t lock_key;
    unsigned life;        // changes when all is void; answers of an earlier life are ignored
    bool connected, busy; // busy: an answer on the writer is awaited by us
    int64_t sent_ms;      // of that
    int64_t tried_ms, touched_ms, proof_ms, hold_until;
    // the other one's signs of life
    int64_t seen_epoch, seen_seq, seen_touched, seen_ms;
    bool looked, looking;     // for another server, since the head stands still; just now
    char text[WH_OWNER_TEXT]; // standby: who owns; owner: who did before
    // what was taken
    bool taken;
    int64_t epoch, seq, last_at;
    uint8_t hash[WH_HASH_SIZE];
    bool syncing;   // the tail is being read
    size_t rebuilt; // how many of service->rebuild are done
    void (*released)(struct wh_runtime *runtime);
};

// Columns from 3 on: instance, release, host, pid, since; null where nobody left a name.
void wh_owner_name(const struct wh_row *row, char ret_text[WH_OWNER_TEXT]);
// Brings the tail up to head seq from the journal; done (may be NULL) is
// called when it is there. 0, WH_E_BUSY (is being done), WH_E_DB.
int wh_tail_sync(struct wh_owner *owner, int64_t seq, void (*done)(struct wh_owner *owner));
// The lock is held and the epoch is ours: verify, load, rebuild, serve.
void wh_rebuild_begin(struct wh_owner *owner);

#endif
