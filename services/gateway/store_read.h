// SPDX-License-Identifier: Apache-2.0
// Reading what dispatch publishes (its views v_…): every statement here, and a
// connection of our own for them. Each read is one transaction that first says for whom it reads;
// the database shows that one's rows only. Standbys read too.
#ifndef WH_GATEWAY_STORE_READ_H
#define WH_GATEWAY_STORE_READ_H

#include "runtime/db.h"

#include "runtime/row.h"

struct reads;

// Parameters as text.
enum read_statement {
    READ_VERSION,  // → newest version of the district, NULL without
    READ_VERSIONS, // → version, adopted_at, newest first
    READ_COUNTS,   // the asker's (READ_ASKER) → board, how many
    READ_BOARD,    // the asker's, board, after due, after id, after body, limit → see READ_ROW_
    READ_MAP,      // limit → see READ_MAP_
    READ_PUBLIC,   // store_public.h from here on
    READ_PUBLIC_IDS,
    READ_REPORTED,
    READ_CARDS,
    READ_ALL,
    READ_ALL_IDS,
    READ_STATEMENTS
};
#define READ_ASKER 4 // parameters: party, is a community, is the district, now

// What stands on the boards, as they are numbered in the statements; names in board.h.
enum read_board {
    BOARD_REVIEW = 1,
    BOARD_CONFIRM,
    BOARD_HELD,
    BOARD_SIGN,
    BOARD_CHECK_IN,
    BOARD_REPORT,
    BOARD_REWORK,
    BOARD_DISPUTED,
    BOARD_EXTENSION,
    BOARD_LEDGER,
    BOARD_SUPERVISED,
    BOARD_ESCALATED,
    BOARD_OVERDUE,
    BOARD_OPEN,
    BOARD_RETURNED,
    BOARDS_END
};

enum read_row {
    READ_ROW_ID,
    READ_ROW_BODY, // 0: the whistle's own
    READ_ROW_DUE,  // WH_NEVER: none
    READ_ROW_TITLE,
    READ_ROW_CATEGORY,
    READ_ROW_PRIORITY,
    READ_ROW_UNIT,
    READ_ROW_STREET,
    READ_ROW_PLACE,
    READ_ROW_STATE,
    READ_ROW_TASK_STATE,
    READ_ROW_ESCALATION,
    READ_ROW_SUBMITTED,
    READ_ROW_DRILL,
};
enum read_map {
    READ_MAP_ID,
    READ_MAP_TITLE,
    READ_MAP_CATEGORY,
    READ_MAP_PRIORITY,
    READ_MAP_STATE,
    READ_MAP_UNIT,
    READ_MAP_PLACE,
    READ_MAP_DUE,
    READ_MAP_LAT, // millionths; NULL: no point was given
    READ_MAP_LON,
    READ_MAP_DRILL,
};

// For whom: its own party, itself and all below it. All zero: nobody, who sees nothing.
struct read_who {
    bool everything;
    int32_t party;
    const int32_t *parties;
    size_t n_parties;
};

// result: NULL where it could not be read (status tells); valid during the call.
typedef void (*read_fn)(void *arg, int status, const PGresult *result);

int reads_open(uv_loop_t *loop, const char *conninfo, const char *name, struct reads **ret_reads);
void reads_close(struct reads *reads); // reads in hand are answered WH_E_IO
bool reads_ready(const struct reads *reads);
// params: texts, copied. 0, WH_E_DB (no connection now), WH_E_BUSY (too many), WH_E_NOMEM: then fn
// is not called.
int reads_run(struct reads *reads, enum read_statement statement, const struct read_who *who,
              const char *const *params, read_fn fn, void *arg);

// The statements and how many parameters each has (for the test of their plans).
extern const char *const read_sql[READ_STATEMENTS + 1]; // the last one says for whom
size_t read_params(enum read_statement statement);

#endif
