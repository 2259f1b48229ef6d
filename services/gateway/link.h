// SPDX-License-Identifier: Apache-2.0
// One-time links: a signed text by which whoever holds it takes the steps of exactly one task
// without an account. Nothing is stored for one; its signature, its time and its task say whether
// it is good. Pure.
#ifndef WH_GATEWAY_LINK_H
#define WH_GATEWAY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

#define LINK_KEY 32
#define LINK_TOKEN_MAX 240 // with NUL
#define LINK_OFFICER_MAX 64
#define LINK_LIFE_MS (INT64_C(72) * 3600 * 1000)

enum link_purpose {
    LINK_SIGN = 1,
    LINK_CHECK_IN = 2,
    LINK_REPORT = 4,
    LINK_REFUSE = 8,
    LINK_ALL = 15,
};

// Times: ms UTC, kept by the second. officer: code of the person it was sent to, may be empty.
struct link_claim {
    char task[WH_TASK_ID_MAX];
    char officer[LINK_OFFICER_MAX + 1];
    unsigned purposes;
    int64_t made_at, until_at;
};

// 0; WH_E_INVALID: the task's id, the officer's code, the purposes or the times are not good.
int link_make(const struct link_claim *claim, const uint8_t key[LINK_KEY],
              char ret_token[LINK_TOKEN_MAX]);
// 0; WH_E_INVALID: not one of ours, or bent. Says nothing of its time.
int link_read(const char *token, const uint8_t key[LINK_KEY], struct link_claim *ret_claim);
// Is it in force at `now`? ended_at: links of this task made until then were ended (0: none).
bool link_live(const struct link_claim *claim, int64_t ended_at, int64_t now);

const char *link_purpose_name(unsigned bit); // "CHECK_IN", NULL where there is none
unsigned link_purpose_by_name(const char *name);

#endif
