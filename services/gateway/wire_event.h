// SPDX-License-Identifier: Apache-2.0
// A dispatch event as programs hear it over HTTP: what happened to which whistle or task, when, by
// which unit or body; codes, states, times and numbers, no free text. Who wants the words reads the
// object. Nothing is decided here.
#ifndef WH_GATEWAY_WIRE_EVENT_H
#define WH_GATEWAY_WIRE_EVENT_H

#include "base/arena.h"
#include "base/time.h"
#include "gateway/hub.h"
#include "whistle/v1/envelope.pb-c.h"

struct wire_event {
    const char *prefix;         // of whistles' numbers
    const struct wh_zone *zone; // for times; NULL: UTC
    struct wh_arena *arena;     // where the result lives
};

// 0; WH_E_PROTOCOL (no such event), WH_E_NOMEM.
int wire_event_read(const struct wire_event *how, const Whistle__V1__EventRow *row,
                    struct hub_event *ret_event);

#endif
