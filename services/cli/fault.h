// SPDX-License-Identifier: Apache-2.0
// What went wrong, in the one shape that programs read and people understand, and the exit code
// that belongs to it: 1 refused by a rule, 2 wrong usage, 3 no answer.
#ifndef CLI_FAULT_H
#define CLI_FAULT_H

#include <jansson.h>

#include "base/id.h"
#include "client/frame.h"
#include "whistle/v1/envelope.pb-c.h"

struct cli;

struct fault {
    int status;     // HTTP status of the same error; 0: none; see FAULT_…
    char code[24];  // the error's class: "INVALID", "CONFLICT", "BUSY" …
    char field[96]; // dotted path, "" none
    char rule[48];  // name in the one table of rules, "" none
    char detail[512];
    char request_id[40];
    long long retry_after_ms;
    bool usage; // wrong words on the command line
};

void fault_of_error(struct fault *fault, const Whistle__V1__Error *error);
void fault_of_wire(struct fault *fault, const struct wh_wire_fault *wire);
// No answer in time from the door named.
void fault_silence(struct fault *fault, const char *door);
// Wrong usage; detail as printf.
void fault_usage(struct fault *fault, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// A rule of this program: status and code given.
void fault_set(struct fault *fault, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void fault_request(struct fault *fault, const struct wh_uuid *request_id);

// {type, title, status, code, field, rule, detail, request_id, retry_after_s}. New reference.
json_t *fault_json(const struct fault *fault);
int fault_exit(const struct fault *fault);
// One line for a person, without a newline, in the language of the run.
void fault_line(const struct fault *fault, char *ret_text, size_t n);
// Prints it (standard output as {"error":…} with --json, else standard error); returns the exit
// code.
int fault_tell(const struct cli *cli, const struct fault *fault);
// After a silence: how to send the same request again without a second effect. Standard error.
void fault_hint(const struct fault *fault);

#endif
