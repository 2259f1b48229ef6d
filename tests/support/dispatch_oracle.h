// SPDX-License-Identifier: Apache-2.0
// Inside dispatch_play: due times recomputed from events alone.
#ifndef WH_TESTS_SUPPORT_DISPATCH_ORACLE_H
#define WH_TESTS_SUPPORT_DISPATCH_ORACLE_H

#include "support/dispatch_play.h"

void oracle_event(struct play *p, int64_t at, const Whistle__V1__DispatchEvent *e);
void oracle_check(const struct play *p); // fails the test

#endif
