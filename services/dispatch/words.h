// SPDX-License-Identifier: Apache-2.0
// Short names inside this room for the vocabulary's long ones.
#ifndef WH_DISPATCH_WORDS_H
#define WH_DISPATCH_WORDS_H

#include "whistle/v1/dispatch.pb-c.h"

#define TASK(x) WHISTLE__V1__TASK_STATE__TASK_STATE_##x
#define STATE(x) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##x
#define PRIORITY(x) WHISTLE__V1__PRIORITY__PRIORITY_##x
#define PART(x) WHISTLE__V1__PART__PART_##x
#define OUTCOME(x) WHISTLE__V1__OUTCOME__OUTCOME_##x
#define VERDICT(x) WHISTLE__V1__CONFIRM_VERDICT__CONFIRM_VERDICT_##x
#define RULED(x) WHISTLE__V1__RULE_VERDICT__RULE_VERDICT_##x
#define DECIDED(x) WHISTLE__V1__DECISION__DECISION_##x
#define METHOD(x) WHISTLE__V1__CHECK_IN_METHOD__CHECK_IN_METHOD_##x
#define CLOCK(x) WHISTLE__V1__CLOCK__CLOCK_##x
#define EVENT(x) WHISTLE__V1__DISPATCH_EVENT__WHAT_##x
#define COMMAND(x) WHISTLE__V1__DISPATCH_COMMAND__WHAT_##x
#define INTAKE(x) WHISTLE__V1__INTAKE_EVENT__WHAT_##x

#endif
