// SPDX-License-Identifier: Apache-2.0
// A refusal as it travels: an Error made of a rule. The one place that turns a rule into a message.
#ifndef WH_RUNTIME_REFUSAL_H
#define WH_RUNTIME_REFUSAL_H

#include "base/error.h"
#include "runtime/metrics.h"
#include "whistle/v1/envelope.pb-c.h"

// Fills in *ret_error with borrowed pointers (field, detail; NULL: none). detail NULL: the rule's
// own English text, so that a peer without the table can show something.
void wh_refusal(enum wh_rule rule, const char *field, const char *detail, int64_t retry_ms,
                Whistle__V1__Error *ret_error);

// Counts a refusal (refused_total) or a BUSY (busy_total: it carries a time to come back) by where
// it was said and by rule. metrics NULL: does nothing.
void wh_refusal_count(struct wh_metrics *metrics, const char *at, const Whistle__V1__Error *error);

#endif
