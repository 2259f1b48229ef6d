// SPDX-License-Identifier: Apache-2.0
// Three ways to hand a notice to people: a file in an outbox, a command, a webhook. Each is told
// once a notice; how often that has an effect is its own affair: the file's name and the webhook's
// Idempotency-Key are the notice's id, so a repetition after a kill changes nothing.
#ifndef CLI_SENDER_H
#define CLI_SENDER_H

#include <jansson.h>
#include <stddef.h>

#include "whistle/v1/dispatch.pb-c.h"

enum sender_kind { SENDER_OUTBOX, SENDER_EXEC, SENDER_WEBHOOK };

struct sender {
    enum sender_kind kind;
    const char *target; // folder, command, URL
    long timeout_s;     // of a command or a webhook
};

// Blocks until the notice is handed over. json: the notice as a program reads it. 0, or -1 with
// why.
int sender_send(const struct sender *sender, const Whistle__V1__Notice *notice, const json_t *json,
                char *ret_why, size_t n);
// Checks the target before anything is sent. 0, or -1 with why.
int sender_check(const struct sender *sender, char *ret_why, size_t n);

// An id as a file name: letters, digits, '.', '-', '_' stay; every other byte is %XX. "" and names
// that would be too long end in a hash instead.
void sender_file_name(const char *id, char *ret_name, size_t n);

#endif
