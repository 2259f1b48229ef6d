// SPDX-License-Identifier: Apache-2.0
// Places where a test stops a service exactly between two steps. Empty in product builds.
// WHISTLE_FAILPOINT="name[:skip][=kill|stop|error]": at the (skip+1)-th passing kill self, stop
// self (SIGSTOP), or make the step fail.
#ifndef WH_RUNTIME_FAILPOINT_H
#define WH_RUNTIME_FAILPOINT_H

#include <stdbool.h>

#ifdef WHISTLE_FAILPOINTS
bool wh_failpoint_hit(const char *name);
#define WH_FAILPOINT(name) wh_failpoint_hit(name)
#else
#define WH_FAILPOINT(name) false
#endif

#endif
