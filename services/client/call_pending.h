// SPDX-License-Identifier: Apache-2.0
// A call that has no answer yet, the lists it waits in and the table that finds it by request id.
// Decides nothing about when it is sent.
#ifndef WH_CLIENT_CALL_PENDING_H
#define WH_CLIENT_CALL_PENDING_H

#include "client/call.h"

#define CALL_BUCKETS 4096

struct call_pending {
    struct call_pending *next, *prev; // in the queue or among the flying
    struct call_pending *chain;       // same bucket
    struct wh_uuid id;
    int64_t called_at; // of uv_hrtime, ms
    int64_t act_at;    // by the caller's clock: send (again)
    unsigned sends;
    bool sent;  // over the present connection, not answered
    bool flown; // was sent at least once: an answer may come at any time
    wh_answer_fn on_answer;
    void *arg;
    size_t n;
    uint8_t frame[];
};

struct call_list {
    struct call_pending *head, *tail;
    size_t n;
};

struct call_table {
    struct call_pending *buckets[CALL_BUCKETS];
};

void call_list_add(struct call_list *list, struct call_pending *call);
void call_list_remove(struct call_list *list, struct call_pending *call);
void call_list_free_all(struct call_list *list);

void call_table_add(struct call_table *table, struct call_pending *call);
void call_table_remove(struct call_table *table, struct call_pending *call);
// NULL where there is none.
struct call_pending *call_table_find(struct call_table *table, const uint8_t id[16]);

// The whole frame is packed once and kept: what is sent again is the same bytes. NULL without
// memory.
struct call_pending *call_pending_new(const struct wh_call *call, struct wh_uuid id);
// A fresh UUIDv7.
struct wh_uuid call_make_id(void);

#endif
