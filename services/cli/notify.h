// SPDX-License-Identifier: Apache-2.0
// The sender program's state: batches of the feed in hand, the notices of each not yet
// acknowledged.
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

#include "cli/event.h"
#include "cli/sender.h"
#include "cli/sentlog.h"
#include "cli/session.h"

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
    struct wh_caller *caller; // never gives up
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
};

// The id of the answer: time of the event (or as old as dispatch still takes), the rest a hash of
// the notice's id and the verdict. Pure.
struct wh_uuid notify_request_id(const char *id, int64_t at, bool sent, int64_t now);

// A batch of the feed: on_events.
void notify_take(void *arg, struct wh_follower *follower, const Whistle__V1__Events *events);

#endif
