// SPDX-License-Identifier: Apache-2.0
// What a person may decide: joining one matter to another, taking one out again. Pure: says which
// rule stands against it, and what is to happen where none does.
#ifndef WH_DEDUP_ASK_H
#define WH_DEDUP_ASK_H

#include "dedup/matter.h"
#include "whistle/v1/dedup.pb-c.h"

struct asker {
    int32_t party; // of the key
    bool district;
};

struct ask_join {
    int64_t number, into, now;
    Whistle__V1__JoinAs how;
    bool has_reason;
};

struct ask_fault {
    enum wh_rule rule; // WH_RULE_NONE: none
    const char *field;
    int64_t detail; // a number to be told with it, 0: none
};

enum ask_result {
    ASK_REFUSED,
    ASK_DONE,   // it is so already
    ASK_JOIN,   // number under root `other`
    ASK_RECURS, // number stays, linked to root `other`
    ASK_SPLIT,  // number out of matter `other`
    ASK_CLEAR,  // number was held, or out and in doubt: it is no duplicate
};

enum ask_result ask_join(const struct matters *matters, const struct asker *who,
                         const struct ask_join *ask, int64_t *ret_other,
                         struct ask_fault *ret_fault);
enum ask_result ask_split(const struct matters *matters, const struct asker *who, int64_t number,
                          int64_t *ret_other, struct ask_fault *ret_fault);
// Does the join that event `seq` made still stand?
bool ask_stands(const struct matters *matters, int64_t number, int64_t seq);

#endif
