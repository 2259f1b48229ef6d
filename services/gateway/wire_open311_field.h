// SPDX-License-Identifier: Apache-2.0
// What Open311's form and query have in common: pairs, texts, and the fields that both may have.
#ifndef WH_GATEWAY_WIRE_OPEN311_FIELD_H
#define WH_GATEWAY_WIRE_OPEN311_FIELD_H

#include "gateway/wire_open311.h"
#include "http/http.h"

struct reading {
    struct wh_arena *arena;
    struct open311_fault *fault;
    unsigned seen; // bits of fields that came: the caller's own below 24
};

// All: 0, or WH_E_INVALID with the fault told. Always WH_E_INVALID:
int field_fault(struct reading *r, int status, const char *what, const char *field);
// Valid text of up to max characters; line: without a line break.
int field_text(struct reading *r, const struct http_pair *pair, size_t max, bool line);
// A field (bit i) may come once.
int field_once(struct reading *r, unsigned i, const struct http_pair *pair);
// Was it one of the common ones? *ret_rc: how it went.
bool field_common(struct reading *r, const struct http_pair *pair, struct open311_common *common,
                  int *ret_rc);
void field_common_init(struct open311_common *common);

// Each pair to fn. 0, or what fn said, WH_E_INVALID with the fault told, WH_E_NOMEM.
typedef int (*pair_fn)(struct reading *r, const struct http_pair *pair, void *arg);
int field_each(struct wh_str text, struct reading *r, pair_fn fn, void *arg);

#endif
