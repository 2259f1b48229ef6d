// SPDX-License-Identifier: Apache-2.0
// What is wrong with a district's files: where (file, row, column; or the path in a JSON file),
// which rule, what stands there. All of it at once, the first hundred told one by one.
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/cli.h"

#define FINDINGS_SHOWN 100

// row, column: 0, "" where there is none. rule: a name in the table of rules.
struct finding {
    const char *file;
    unsigned row;
    const char *column; // header as people call it
    const char *field;  // the column's English name, or the path in a JSON file
    const char *rule;
    const char *detail;
    const char *value; // NULL: not told
};

struct findings {
    json_t *rows; // the first FINDINGS_SHOWN, as they are printed for programs
    json_t *seen; // places that have a finding already
    size_t n;
};

void findings_init(struct findings *findings);
void findings_done(struct findings *findings);
// One place is told once: the first finding there stays.
void findings_add(struct findings *findings, const struct finding *finding);
// Is there one for this file, row (0: the whole file) and field already?
bool findings_has(const struct findings *findings, const char *file, unsigned row,
                  const char *field);
// Says that there is one, without telling it.
void findings_mark(struct findings *findings, const char *file, unsigned row, const char *field);
// Prints them (standard error, or lines of JSON); returns EXIT_REFUSED.
int findings_tell(const struct cli *cli, const struct findings *findings);

#endif
