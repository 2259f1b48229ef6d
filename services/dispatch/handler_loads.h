// SPDX-License-Identifier: Apache-2.0
// Loads whose rows handler_notice.c, handler_matter.c and handler_sayings.c read.
#ifndef WH_DISPATCH_HANDLER_LOADS_H
#define WH_DISPATCH_HANDLER_LOADS_H

#include "runtime/service.h"

void load_notices_row(void *state, const struct wh_row *row);
void load_notices_done(void *state, const int64_t *keys, size_t n);
void load_bundle_row(void *state, const struct wh_row *row);
void load_audience_row(void *state, const struct wh_row *row);
void load_audience_done(void *state, const int64_t *keys, size_t n);
void load_sayings_row(void *state, const struct wh_row *row);
void load_sayings_done(void *state, const int64_t *keys, size_t n);
void load_held_row(void *state, const struct wh_row *row);
void rebuild_noted(void *state, const struct wh_row *row);

#endif
