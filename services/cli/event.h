// SPDX-License-Identifier: Apache-2.0
// A feed's row opened: the envelope, the service's event inside, what kind it is.
#ifndef CLI_EVENT_H
#define CLI_EVENT_H

#include "base/arena.h"
#include "base/id.h"
#include "cli/session.h"

struct event_reader {
    struct wh_arena arena;
    const ProtobufCMessageDescriptor *payload; // NULL: an unknown feed
};

// Good until the next event_read.
struct event_view {
    const Whistle__V1__Event *event;
    const ProtobufCMessage *payload; // <Service>Event
    const ProtobufCMessage *member;  // the member of its oneof
    const char *kind;                // that member's message, e.g. "TaskSigned"
};

void event_reader_init(struct event_reader *reader, const char *feed);
void event_reader_done(struct event_reader *reader);
// 0, or -1: the bytes are no event of this feed.
int event_read(struct event_reader *reader, const Whistle__V1__EventRow *row,
               struct event_view *ret_view);
// {feed, seq, at, number, kind, actor, event}. New reference.
json_t *event_json(struct cli *cli, const char *feed, const struct event_view *view);
// "" for the district's own events.
void event_number(struct cli *cli, int64_t object, char ret_number[WH_NUMBER_MAX]);

#endif
