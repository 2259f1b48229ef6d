// SPDX-License-Identifier: Apache-2.0
// One run of `doctor`: findings, and the rooms that make them.
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/cli.h"
#include "client/keys.h"

struct doctor {
    struct cli *cli;
    json_t *checks;
    bool bad;
    char folder[600]; // where the doors file lies, with the last slash
    bool serves[DOOR_COUNT];
};

// check: what was looked at. cause: a stable word where something is wrong, NULL where all is well.
// detail: what is so. remedy: what to do about it, NULL where nothing.
void finding(struct doctor *doctor, const char *check, const char *cause, const char *remedy,
             const char *detail, ...) __attribute__((format(printf, 5, 6)));

// doctor_files.c: own key, the folder's key files, keyring, secrets, as far as they can be read.
// False: without a key there is nothing to ask with.
bool doctor_key(struct doctor *doctor);
void doctor_files(struct doctor *doctor);
// What the keyring says of our key: a sentence, static; NULL: it cannot be read or all is well.
const char *doctor_own_key(const struct doctor *doctor);
// doctor_doors.c: every endpoint of every service is greeted; sets doctor->serves.
void doctor_doors(struct doctor *doctor);
// doctor_services.c: what the services say of themselves.
void doctor_services(struct doctor *doctor);

#endif
