// SPDX-License-Identifier: Apache-2.0
// Whistles and tasks as people read them, and as one line of JSON for programs.
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/session.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

// The whole page: headline, state, next step, departments. called: every due time of each
// department (just raised), else what each has to do now.
void page_whistle(struct cli *cli, const Whistle__V1__Whistle *whistle, bool called);
// page_matter.c: how it stands to others, inside the page; the tasks that go on for it.
void page_matter_lines(struct cli *cli, const Whistle__V1__Whistle *whistle);
void page_linked(struct cli *cli, const Whistle__V1__Whistle *whistle);
// The lines of a history; most: only the last so many, without the notices (0: all lines).
void page_history(struct cli *cli, const Whistle__V1__History *history, size_t most);
// After a command: what is next for the whistle or task `ref`. Says nothing where it cannot be had.
void page_next(struct cli *cli, const char *ref);
void page_unsealed(struct cli *cli, const ProtobufCMessage *body);

bool has_step(const Whistle__V1__NextStep *next); // anything to be done at all?
// "公安分局 签收,09:20 前 (还有 4 分)"; false where nothing is next.
bool next_text(struct cli *cli, const Whistle__V1__NextStep *next, char *ret_text, size_t n);
// "签收 09:20 还有 4 分": what this task must do next; "" where nothing. Returns how it stands.
enum tone due_text(struct cli *cli, const Whistle__V1__Task *task, char *ret_text, size_t n);
// "L2 督促 · 重办 1 次": what is special about a task; "" where nothing.
void marks_text(const Whistle__V1__Task *task, char *ret_text, size_t n);
enum tone task_tone(const Whistle__V1__Task *task);
enum tone state_tone(Whistle__V1__WhistleState state);
enum tone priority_tone(Whistle__V1__Priority priority);

// {ref, state, feed, seq, at, request_id}. New reference.
json_t *done_json(const struct reply *reply);
// The number inside a number or task id: "AL-20261123-0007-GASCO" → "AL-20261123-0007".
void number_of_ref(const char *ref, char *ret_number, size_t n);
// Asks dispatch for one whistle. 0, or -1 with the fault in the reply.
int ask_whistle(struct cli *cli, const char *number, struct reply *reply);
// Prints a message as one line of JSON with the district's offsets. list: name of an array that
// shall be there even when it is empty, or NULL.
void json_line(struct cli *cli, const ProtobufCMessage *message, const char *list);

#endif
