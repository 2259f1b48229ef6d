// SPDX-License-Identifier: Apache-2.0
// Who is called, over which channel, with which words. A notice's id says its cause, so the same
// cause never makes a second one: "{task or number}/{KIND or
// CLOCK[~round]}/{ordinal}/{desk}-{contact}.{channel}" where ordinal is a percent, L1 to L4, 0 for
// a call, else the whistle's version when it was decided; desk is a code, contact and channel are
// places in that desk's lists. Level 0 calls the officer on duty, 1 the second contact, 2 the head,
// 3 the district's dispatcher, 4 the supervision list (the district's head). P1 and P2 go at once;
// P3 and P4 wait for their desk's hours and are then bundled by receiver; from level 3 on nothing
// waits and nothing is suppressed; nor does danger that a joined report brings. All notices of a
// decision travel in one NoticesReleased event right behind it, whose only subject is
// SUBJECT_NOTICES: departments' feeds do not carry each other's contacts.
#ifndef WH_DISPATCH_NOTICE_H
#define WH_DISPATCH_NOTICE_H

#include "dispatch/decide.h"

enum notice_kind {
    NOTICE_CALL = 1,
    NOTICE_REMIND,
    NOTICE_ESCALATE,
    NOTICE_RULE, // to the district: a refusal waits
    NOTICE_RULED,
    NOTICE_REWORK,
    NOTICE_REOPENED,
    NOTICE_WITHDRAWN,
    NOTICE_PRIORITY,
    NOTICE_APPROVE,  // an extension or a ledger waits
    NOTICE_APPROVED, // … was decided
    NOTICE_CONFIRM,  // to the street: reported, please look
    NOTICE_REVIEW,   // to the street: waits for its review
    NOTICE_MORE,     // additions
    NOTICE_LEDGER,   // the monthly look
    NOTICE_BUNDLE,
    NOTICE_HELD,    // to the street: perhaps the same as another, please decide
    NOTICE_JOINED,  // to a department: joined to another matter
    NOTICE_PARTED,  // … and separate again
    NOTICE_SUPPORT, // others report the same, collected
    NOTICE_DANGER,  // one of them says what is dangerous: at once, as P1
    NOTICE_KINDS,
};
const char *notice_kind_name(enum notice_kind kind);

// ---- what waits for a desk's hours --------------------------------------------------------------
#define QUEUE_MAX 256

struct queued_notice {
    int64_t number;
    int32_t department;
    uint8_t kind;
    uint8_t reserved[3];
};

// One per receiver, flat; its timer key is the receiver's id (whistles' numbers are far larger).
struct queue {
    int32_t receiver;
    uint32_t n;
    int64_t release_at;
    struct queued_notice notices[];
};
struct queue_room {
    union {
        struct queue queue;
        char bytes[sizeof(struct queue) + QUEUE_MAX * sizeof(struct queued_notice)];
    };
};

size_t queue_size(const struct queue *q);
// Fold: a decision left this notice waiting. from NULL: an empty queue. false: it is full, release
// first.
bool queue_push(struct queue_room *room, const struct queue *from, const struct waiting_notice *w);
// From a journal row (rebuilding): what of its notices waits; up to max; returns how many.
size_t queue_waiting_of(const struct wh_district *district, const Whistle__V1__DispatchEvent *event,
                        int64_t object, struct waiting_notice *ret, size_t max);
// The desk is open: one bundle for all that still matters (lookup gives the whistle, NULL unknown:
// then it is named by its number only). Makes one NoticesReleased of object 0, also when nothing is
// left to say; afterwards the queue is empty. 0, WH_E_NOMEM.
int decide_release(const struct queue *q, const struct decision_context *context,
                   const struct whistle *(*lookup)(void *arg, int64_t number), void *arg,
                   struct decision *d);

#endif
