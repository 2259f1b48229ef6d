// SPDX-License-Identifier: Apache-2.0
// Would everybody answer if this district were adopted now? Asked of dispatch, told at the rows
// that say who is called.
#ifndef CLI_IMPORT_CHECK_H
#define CLI_IMPORT_CHECK_H

#include <jansson.h>

#include "cli/document.h"

// {pairs, holes, warnings, rows[{rule, department, places, category, unit, file, row}]}: places are
// counted by rule and department, one is named; at most 100 rows. {no_answer: true} where dispatch
// did not say. New reference.
json_t *import_check(struct cli *cli, const struct document *document,
                     const Whistle__V1__District *district);
// For people; NULL prints nothing.
void import_check_print(const json_t *check);

#endif
