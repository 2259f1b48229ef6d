// SPDX-License-Identifier: Apache-2.0
// A district as CSV files, so that reading them again gives the same district; the empty tables
// that a first day begins with; and the page that says what stands in which column.
#ifndef CLI_TABLES_WRITE_H
#define CLI_TABLES_WRITE_H

#include "cli/fault.h"
#include "whistle/v1/district.pb-c.h"

// Writes all tables and columns.md into the folder, which is made where it is missing. district:
// NULL for the empty tables. A file that is there already is not written over. 0, or -1 with the
// fault.
int tables_write(const char *folder, const Whistle__V1__District *district,
                 struct fault *ret_fault);

#endif
