// SPDX-License-Identifier: Apache-2.0
// A district as an operator brings it: one JSON file, or a folder of CSV files (tables.h). Both
// become the JSON that wh_district_from_json reads; where every row came from is kept, so that a
// fault found later, by whoever, is told at the cell that says it.
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <jansson.h>

#include "cli/fault.h"
#include "cli/findings.h"
#include "whistle/v1/district.pb-c.h"

struct document {
    const char *path;  // as the operator named it; borrowed
    json_t *file;      // the data
    json_t *origins;   // path in the data → {file, row, cells}, or {path} in a JSON file
    json_t *encodings; // file → "GB18030" where it was not UTF-8
    struct findings findings;
};

// Reads a file ("-": standard input) or a folder. 0; -1 with the fault: nothing could be read at
// all. Faults inside are findings.
int document_load(const char *path, struct document *ret_document, struct fault *ret_fault);
void document_done(struct document *document);
// The message, also where there are findings (what could be read); NULL where nothing can be made
// of it. Faults become findings.
const Whistle__V1__District *document_district(struct document *document, struct wh_arena *arena);
// A fault at a path of the data or of the message ("units[12].level").
void document_fault(struct document *document, const char *path, const char *rule,
                    const char *detail);

// document_csv.c: fills a document from a folder of CSV files.
void document_read_folder(struct document *document, const char *folder);
// Where a row came from, for document_fault. row: of the file; cells: field → text, borrowed.
void document_origin(struct document *document, const char *path, const char *file, unsigned row,
                     json_t *cells);

#endif
