// SPDX-License-Identifier: Apache-2.0
// One POST of one JSON text. A receiver that has seen the Idempotency-Key answers 2xx and does
// nothing again.
#ifndef CLI_WEBHOOK_H
#define CLI_WEBHOOK_H

#include <stddef.h>

// 0 on any 2xx; -1 with why (status, or the network's fault).
int webhook_post(const char *url, const char *id, const char *json, long timeout_s, char *ret_why,
                 size_t n);

#endif
