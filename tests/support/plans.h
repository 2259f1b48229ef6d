// SPDX-License-Identifier: Apache-2.0
// Every statement of the runtime and of one service, planned as a service session plans it:
// generically. No table that grows is read from end to end: no sequential scan, and no index walked
// without a condition but those over what is open, those the service names, and a few rows off an
// index' end. One service a program; a fault fails the cmocka test that asks.
#ifndef WH_SUPPORT_PLANS_H
#define WH_SUPPORT_PLANS_H

#include "runtime/service.h"
#include "runtime/sql.h"
#include "support/pg.h"

struct plans {
    const struct wh_service *service;
    const char *const *small;  // its own tables that do not grow, ended by NULL
    const char *const *walked; // its own indexes that may be walked, ended by NULL
    struct pg *pg;             // set by plans_begin, as a service session is
    struct wh_sql sql;
};

int plans_begin(struct plans *plans); // borrowed until plans_end; 0 or WH_E_…
void plans_end(void);
void plans_fill_common(void); // rows in journal, kept answers and dead letters
void plans_check(void);       // all statements
void plans_check_one(const char *statement);

#endif
