// SPDX-License-Identifier: Apache-2.0
// How a decision is written down: each event is folded into the scratch state at once, so that the
// next one is decided on it; notices collect and leave in one event at the end. A full arena makes
// the pen `failed`; writing goes on into a scrap so that callers need no checks in between.
#ifndef WH_DISPATCH_PEN_H
#define WH_DISPATCH_PEN_H

#include "dispatch/decide.h"
#include "dispatch/fold.h"

struct pen {
    const struct decision_context *c;
    struct decision *d;
    struct whistle *w; // the state after what was written so far
    struct fold_context fold;
    Whistle__V1__DispatchEvent *pending;
    Whistle__V1__NoticesReleased *release; // of the last event; made when first needed
    Whistle__V1__DispatchEvent *tail;      // that event
    size_t cap_notices, cap_waiting, cap_reminded;
    size_t n_parties;
    char number[WH_NUMBER_MAX];
    struct { // words that many notices share
        unsigned kind;
        int64_t due;
        char *zh, *en;
    } same;
    bool failed, broken;
    _Alignas(16) char scrap[512];
    int32_t parties[DECISION_SUBJECTS]; // who may hear of it
};

void pen_begin(struct pen *p, const struct decision_context *c, const struct whistle *w,
               int64_t number, struct decision *d);
// Memory of the arena, cleared; the scrap when there is none left (n <= 512) and failed then.
void *pen_alloc(struct pen *p, size_t n);
char *pen_text(struct pen *p, const char *text); // a copy
char *pen_task_id(struct pen *p, int32_t department);
// A code out of the district; never NULL.
char *pen_code(const struct pen *p, int32_t party);
// A new event; returns its member of `type` to be filled. Then pen_emit.
void *pen_event(struct pen *p, Whistle__V1__DispatchEvent__WhatCase what,
                const ProtobufCMessageDescriptor *type);
void *pen_message(struct pen *p, const ProtobufCMessageDescriptor *type);
void pen_emit(struct pen *p);
// A member of a repeated field under construction: grows the pointer array by doubling.
void pen_append(struct pen *p, void ***list, size_t *n, size_t *cap, void *item);
// Who hears of the decision besides those who stand in the whistle.
void pen_hear(struct pen *p, int32_t party);
// The event that carries notices, made when first needed.
Whistle__V1__NoticesReleased *pen_release(struct pen *p);
// Closes the decision: the notices' event, everybody's subjects. 0, WH_E_NOMEM, WH_E_INVALID
// (a bug of ours).
int pen_end(struct pen *p);

#endif
