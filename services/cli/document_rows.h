// SPDX-License-Identifier: Apache-2.0
// Rows of CSV files to their places in the data: a desk's contacts below their desk, questions
// below their category, a category's base routing among the routes, holidays in the calendar.
#ifndef CLI_DOCUMENT_ROWS_H
#define CLI_DOCUMENT_ROWS_H

#include "cli/document.h"
#include "cli/tables.h"

// The empty data, and where the faults of the whole belong.
void rows_begin(struct document *document);
// One row, as the cells said it. Both are borrowed.
void row_place(struct document *document, enum district_table table, unsigned line, json_t *row,
               json_t *cells);

#endif
