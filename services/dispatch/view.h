// SPDX-License-Identifier: Apache-2.0
// What the queries share: who may look at what, aggregates out of a result, journal rows in order,
// pages. A query's last step works in an arena of its own that ends with the answer. Internal.
#ifndef WH_DISPATCH_VIEW_H
#define WH_DISPATCH_VIEW_H

#include "dispatch/dispatch.h"
#include "dispatch/wire.h"

#define VIEW_ARENA ((size_t)32 << 20)
#define VIEW_UNITS 512 // a caller's own units: itself and all below it

// Who looks. everything: the district's dispatcher, leaders, auditors, services.
struct viewer {
    int32_t party; // 0: neither unit nor body
    bool everything;
    size_t n_units;
    int64_t units[VIEW_UNITS]; // empty where everything
};

// Checks the message and that there is a district; refuses and returns false where not.
bool view_begin(struct dispatch *state, struct wh_query *query, const struct wh_item *item);
void view_viewer(const struct dispatch *state, const struct wh_item *item,
                 struct viewer *ret_viewer);
// Is one of these parties the viewer's own?
bool view_is_own(const struct viewer *viewer, int32_t party);
// May the viewer look at this whistle: raised, joined, asked for, lies in the area, has a task?
bool view_may(const struct viewer *viewer, const struct whistle *w);
// A unit and all below it (a body: itself) into ids; returns how many.
size_t view_below(const struct wh_district *district, int32_t party, int64_t *ids, size_t max);

// The whistle of a number in a query: loads it, looks whether the caller may see it, loads its
// journal and calls `then` with both. `whistle` and `journal` are valid during the call.
struct view_whistle {
    const struct whistle *whistle;
    const struct store_gather *gather;
    const struct wh_result *journal;
    struct wh_arena *arena; // the query's
};
typedef void (*view_whistle_fn)(struct dispatch *state, struct wh_query *query,
                                const struct view_whistle *view);
void view_whistle(struct dispatch *state, struct wh_query *query, const char *number,
                  view_whistle_fn then);

// Row i of a journal result, unpacked. NULL past the arena's cap or where it cannot be read.
struct view_event {
    const Whistle__V1__Event *envelope;
    const Whistle__V1__DispatchEvent *event;
    const ProtobufCMessage *member;
};
bool view_event(const struct wh_result *journal, size_t i, struct wh_arena *arena,
                struct view_event *ret_event);

// Every whistle of a SELECT_WHISTLES result, in the order of their numbers.
void view_each(const struct wh_result *result, struct store_gather *gather,
               void (*fn)(void *arg, const struct whistle *w, const struct store_gather *gather),
               void *arg);

// PENDING becomes DELIVERED where a notice about it was sent, or a durable cursor of the department
// has passed the row that assigned it.
void view_delivered(const struct dispatch *state, const struct whistle *w,
                    const struct store_gather *gather, const struct task *t,
                    Whistle__V1__Task *shown);
void view_delivered_all(const struct dispatch *state, const struct whistle *w,
                        const struct store_gather *gather, Whistle__V1__Whistle *shown);

// Puts what the journal row says into the shown whistle (view_text.c). Texts are borrowed.
void view_texts(Whistle__V1__Whistle *shown, struct wh_arena *arena,
                const struct view_event *event);

// Grows a list by one; false past the arena's cap.
bool view_append(struct wh_arena *arena, void ***list, size_t *n, void *item);

// Who stands behind the matters of an answer (view_family.c): add every shown whistle (it lives in
// the query's arena), then have their supporters, joined and linked filled in. `then` ends the
// query; its data pointer is what it was.
struct family;
typedef void (*view_then_fn)(struct dispatch *state, struct wh_query *query);
struct family *view_family_new(struct wh_query *query); // NULL past the arena's cap
void view_family_add(struct family *family, const struct whistle *w, Whistle__V1__Whistle *shown);
void view_family(struct dispatch *state, struct wh_query *query, struct family *family,
                 view_then_fn then);

// What a shown whistle may be the same as, looked up as it stands now, then the answer
// (view_perhaps.c). shown lives in the query's arena.
void view_perhaps(struct dispatch *state, struct wh_query *query, Whistle__V1__Whistle *shown);

// A whistle's notices, gathered row by row of its journal (view_notices.c). Texts are borrowed.
struct view_notices {
    struct wh_arena *arena;
    Whistle__V1__NoticeView **views;
    size_t n, cap;
    bool failed; // past the arena's cap
};
void view_notices_take(struct view_notices *notices, const struct view_event *event);

// "a.b.c" of up to three numbers. False where it is not one.
bool view_cursor_parse(const char *cursor, size_t n, int64_t *ret_numbers);
char *view_cursor(struct wh_arena *arena, size_t n, const int64_t *numbers);

// As WH_SELECT; a connection that is not there is answered BUSY.
#define VIEW_SELECT(query, ...)                                        \
    do {                                                               \
        if (WH_SELECT(query, __VA_ARGS__) != 0) {                      \
            wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL); \
        }                                                              \
    } while (0)

// The district that a question brings, indexed (view_other.c). The caller frees it; NULL: the query
// is refused.
struct wh_district *view_other(const struct dispatch *state, struct wh_query *query,
                               Whistle__V1__District *other);
void view_answer(struct wh_query *query, Whistle__V1__DispatchAnswer__WhatCase what,
                 const ProtobufCMessage *member);
void view_too_large(struct wh_query *query);
void view_not_found(struct wh_query *query);

#endif
