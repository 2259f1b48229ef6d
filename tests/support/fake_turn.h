// SPDX-License-Identifier: Apache-2.0
// A turn without an engine: rows that a store puts are collected as in a real one and run against a
// real PostgreSQL in one transaction.
#ifndef WH_TESTS_SUPPORT_FAKE_TURN_H
#define WH_TESTS_SUPPORT_FAKE_TURN_H

#include <libpq-fe.h>

#include "runtime/service.h"

struct fake_turn;

// Prepares the statements on the connection (search_path set by the caller).
struct fake_turn *fake_turn_new(PGconn *conn, const struct wh_statement *statements, size_t n);
void fake_turn_free(struct fake_turn *turn);
struct wh_turn *fake_turn_handle(struct fake_turn *turn);
// Runs what was put and forgets it. Fails the process with the error.
void fake_turn_run(struct fake_turn *turn);

// Runs a query whose one parameter is a text, results in binary. Fails the process with the error.
PGresult *fake_select(PGconn *conn, const char *sql, const char *param);

#endif
