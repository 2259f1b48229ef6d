// SPDX-License-Identifier: Apache-2.0
// Between the decisions and the notices: what to tell whom, and the words for it.
#ifndef WH_DISPATCH_NOTICE_INTERNAL_H
#define WH_DISPATCH_NOTICE_INTERNAL_H

#include "dispatch/notice.h"
#include "dispatch/pen.h"

// One thing to tell. department: the task it is about, 0: the whistle. receiver: whose desk. level:
// 0 to 4 as in notice.h. other: a second party the words name. choice: which variant of the words.
struct message {
    enum notice_kind kind;
    int32_t department, receiver;
    int level;
    enum clock clock; // REMIND, ESCALATE
    int percent;      // REMIND
    int32_t other;
    int choice;
    int64_t due;
    uint8_t priority; // other than the whistle's, 0: the whistle's
    const char *text; // a number or words that the sentence names
};

struct called {
    int32_t desk; // party
    size_t contact, channel;
    int64_t waits_until; // 0: now
};

// Issues the notice, or leaves it waiting for the desk's hours.
void tell(struct pen *p, const struct message *m);
// Every raising side's desk.
void tell_sides(struct pen *p, const struct message *m);
// Every live task's department that `wanted` holds for (NULL: all).
void tell_departments(struct pen *p, const struct message *m, bool (*wanted)(const struct task *t));

// The joined reports whose time has come (matter.c).
void tell_collected(struct pen *p);

// "{cause}/{desk}-{contact}.{channel}".
char *notice_id(struct pen *p, const char *cause, const struct called *called);
// Receiver, contact and channel out of the desk's data (borrowed).
void notice_address(const struct wh_district *district, const struct called *called,
                    Whistle__V1__Notice *n);

// ---- words (notice_text.c) ----------------------------------------------------------------------
struct words {
    char text[640]; // longer text is cut at a character
    size_t n;
};
void words_add(struct words *w, const char *text);
void words_time(struct words *w, const struct wh_district *district, int64_t now, int64_t at);
void notice_words(const struct pen *p, const struct message *m, bool zh, struct words *ret);
void notice_answer(const struct pen *p, const struct message *m, bool zh, struct words *ret);
// "【安澜吹哨】" and "[Anlan Whistle] ".
void notice_head(const struct wh_district *district, bool zh, struct words *ret);
const char *priority_words(uint8_t priority, bool zh);

// ---- desks (notice_desk.c) ----------------------------------------------------------------------
// Whom a notice of this priority and level reaches at `now`; false where nobody has a channel.
bool desk_call(const struct wh_district *district, int32_t receiver, uint8_t priority, int level,
               int64_t now, struct called *ret);
// The next one after a failure: the contact's next channel, the next contact that is there, then
// the district's desk. false: there is none left.
bool desk_next(const struct wh_district *district, const struct called *failed, uint8_t priority,
               int64_t now, struct called *ret);

#endif
