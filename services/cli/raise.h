// SPDX-License-Identifier: Apache-2.0
// What raising one whistle and raising many have in common: from a JSON object in the API's field
// names to a call, and from what dispatch shows to a line.
#ifndef CLI_RAISE_H
#define CLI_RAISE_H

#include "cli/page.h"

// A whistle to be raised, ready for the door.
struct raising {
    struct wh_uuid request_id;
    char officer[64];
    void *bytes; // packed IntakeCommand, malloc
    size_t n;
};

// object: RaiseWhistle's fields, and request_id, officer, which are taken out. Fields missing in it
// come from the run's own options; unit from the key. Changes the object. 0, or -1 with the fault.
int raising_of(struct cli *cli, json_t *object, struct raising *ret_raising,
               struct fault *ret_fault);
// "SUPPLY:WHEELCHAIR:2:DAY" … kept by --need, into the object. 0, or -1 with the fault.
int needs_of(struct cli *cli, json_t *object, struct fault *ret_fault);

// Dispatch does not know the whistle yet, or not its district: asked again, it may.
bool raise_not_yet(const struct fault *fault);
// Whether there is no more to wait for: dispatch has called everybody, or a person decides first.
bool raise_settled(Whistle__V1__WhistleState state);
// {number, state, tasks[…], next}. line: 0 none. whistle: NULL while dispatch has not shown it. New
// reference.
json_t *raised_json(struct cli *cli, unsigned long line, const char *number, const char *state,
                    const struct wh_uuid *request_id, const Whistle__V1__Whistle *whistle);

// The parameters of raise inside another command of intake, the verb's: {whistle: …, number?}.
// 0, or -1 with the fault in the reply.
int raise_wrapped(struct cli *cli, const char *number, struct reply *reply);

// lines.c: --file. Returns the worst exit code.
int raise_lines(struct cli *cli, const char *path);

#endif
