// SPDX-License-Identifier: Apache-2.0
// The sender program's state: batches of the feed in hand, the notices of each not yet
// acknowledged.
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

#include "cli/event.h"
#include "cli/sender.h"
#include "cli/sentlog.h"
#include "cli/session.h"

struct item;
typedef void (*notify_opened_fn)(struct item *item, const char *channel);

// (after, upto]: done when nothing of it is open.
struct batch {
    struct batch *next;
    struct wh_cursor upto;
    size_t open;
    bool live;
};

struct notify {
    struct cli *cli;
    struct sender sender;
    const json_t *channels; // kinds to send; NULL all
    const char *cursor_path;
    struct sentlog *log;
    struct event_reader reader;
    struct wh_caller *caller; // dispatch; never gives up
    struct wh_caller *vault;  // intake, opens sealed addresses; made when one comes
    struct wh_follower *follower;
    struct batch *first, *last;
    struct fault fault;
    int64_t heard_at;
    bool once, done;
};

// One notice under way to its answer.
struct item {
    struct notify *notify;
    struct batch *batch;
    char *id;
    int64_t at;
    Whistle__V1__Notice *sealed; // while its address is being opened: a copy, and its event's seq
    int64_t seq;
    notify_opened_fn then;
};

// The id of the answer: time of the event (or as old as dispatch still takes), the rest a hash of
// the notice's id and the verdict. Pure.
struct wh_uuid notify_request_id(const char *id, int64_t at, bool sent, int64_t now);

// notify_contact.c: is the notice's address sealed?
bool notify_is_sealed(const Whistle__V1__Notice *notice);
// Asks intake to open the address of item->sealed, however long that takes, and calls `then` with
// the channel; NULL where it cannot be opened any more. Not from within a callback of the same
// call. 0, or -1 with notify->fault.
int notify_open(struct item *item, notify_opened_fn then);

// SIGTERM or SIGINT came: after the notice in hand nothing more is begun.
bool notify_stopping(void);

// A batch of the feed: on_events.
void notify_take(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events);

#endif
