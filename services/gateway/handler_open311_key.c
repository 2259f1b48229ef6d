// SPDX-License-Identifier: Apache-2.0
// Keys that come as Open311's api_key. No program has one where none are kept.
#include "gateway/handler_open311.h"

enum wh_rule open311_key(struct gateway *gateway, const char *key, struct wh_arena *arena,
                         struct caller *ret_caller)
{
    (void)gateway;
    (void)key;
    (void)arena;
    (void)ret_caller;
    return WH_RULE_AUTH_UNKNOWN;
}
