// SPDX-License-Identifier: Apache-2.0
// From the one table of rules to the message Error. Messages made by protobuf-c want char *, never
// write to it when packing: the casts are safe.
#include "runtime/refusal.h"

#include "runtime/figures.h"

void wh_refusal(enum wh_rule rule, const char *field, const char *detail, int64_t retry_ms,
                Whistle__V1__Error *ret_error)
{
    const struct wh_rule_info *info = wh_rule_info(rule);
    whistle__v1__error__init(ret_error);
    ret_error->status = info->status;
    ret_error->code = (char *)info->code;
    ret_error->rule = (char *)info->name;
    ret_error->field = (char *)(field != NULL ? field : "");
    ret_error->detail = (char *)(detail != NULL ? detail : info->en);
    ret_error->retry_after_ms = retry_ms;
}

void wh_refusal_count(struct wh_metrics *metrics, const char *at, const Whistle__V1__Error *error)
{
    const struct wh_label labels[] = {{"at", at}, {"reason", error->rule}, {0}};
    if (metrics == NULL)
        return;
    if (error->retry_after_ms > 0)
        wh_metrics_add(metrics, FIG_BUSY, labels, 1);
    else
        wh_metrics_add(metrics, FIG_REFUSED, labels, 1);
}
