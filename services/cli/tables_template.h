// SPDX-License-Identifier: Apache-2.0
// Writing one table: headers, rows, and what the empty ones begin with.
#ifndef CLI_TABLES_TEMPLATE_H
#define CLI_TABLES_TEMPLATE_H

#include <jansson.h>
#include <stdio.h>

#include "cli/tables.h"

// The header with the mark that spreadsheets look for, in the language of the run.
void header_put(FILE *to, const struct csv_table *table);
// One row; row: field → value.
void row_put(FILE *to, const struct csv_table *table, const json_t *row);
// Rows that a template begins with, words and days in the language of the run.
void template_rows(FILE *to, const struct csv_table *table);
// columns.md.
void template_page(FILE *to);

#endif
