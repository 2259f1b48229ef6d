// SPDX-License-Identifier: Apache-2.0
// One run of the command: what was asked, in which language and shape the answer is wanted, and the
// conversation with the doors (opened when first needed).
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "cli/options.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_SILENCE = 3 };

enum door { DOOR_NONE, DOOR_INTAKE, DOOR_DEDUP, DOOR_DISPATCH, DOOR_GATEWAY, DOOR_COUNT };

enum group { GROUP_RAISE, GROUP_LOOK, GROUP_TASK, GROUP_STREET, GROUP_DISTRICT, GROUP_OPERATE };

struct session;
struct names;
struct verb;

struct cli {
    const struct verb *verb;
    struct args args;
    bool json;
    const char *officer; // "" none
    char key_path[512];
    char doors_path[512];
    int timeout_ms;
    struct session *session; // NULL until session_get
    struct names *names;     // NULL until names_get
};

// door and command: the member of that door's command which the body fills, for the generic runs.
// decide: the member used with --approve or --deny.
struct verb {
    const char *name;
    enum group group;
    enum door door;
    const char *zh;
    const char *en;
    int (*run)(struct cli *cli); // returns the exit code
    const char *command;
    const char *decide;
    struct params params;
    const char *note_zh; // further lines of the help, or NULL
    const char *note_en;
};

extern const struct verb verbs[];
extern const size_t verbs_n;
extern const struct params verb_common;

const struct verb *verb_find(const char *name);
// The nearest name for a mistyped one, NULL if none is near.
const char *verb_near(const char *name);

// help.c: all verbs, or one.
void help_all(void);
void help_verb(const struct verb *verb);
int run_help(struct cli *cli);

// command.c
int run_command(struct cli *cli); // one command of verb->door, its Done is told
int run_decidable(struct cli *cli);
int run_add(struct cli *cli);
// raise.c
int run_raise(struct cli *cli);
int run_resubmit(struct cli *cli);
// preview.c, matter.c
int run_preview(struct cli *cli);
int run_matter(struct cli *cli);
int run_doubts(struct cli *cli);
// show.c, lists.c
int run_show(struct cli *cli);
int run_list(struct cli *cli);
int run_tasks(struct cli *cli);
int run_notices(struct cli *cli);
// history.c, follow.c, notify.c
int run_history(struct cli *cli);
int run_verify(struct cli *cli);
int run_rewind(struct cli *cli);
int run_follow(struct cli *cli);
int run_notify(struct cli *cli);
// district.c, routing.c, simulate.c
int run_import(struct cli *cli);
int run_export(struct cli *cli);
int run_check(struct cli *cli);
int run_route(struct cli *cli);
int run_simulate(struct cli *cli);
// dedup.c
int run_dedup(struct cli *cli);
// key.c, dead.c, doctor.c, ping.c, unseal.c
int run_key(struct cli *cli);
int run_dead_letters(struct cli *cli);
int run_doctor(struct cli *cli);
int run_ping(struct cli *cli);
int run_unseal(struct cli *cli);
// person.c
int run_person(struct cli *cli);
int run_api_key(struct cli *cli);
int run_link(struct cli *cli);

#endif
