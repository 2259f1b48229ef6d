// SPDX-License-Identifier: Apache-2.0
// How codes are called and which time it is here: the live district, asked once a run from intake.
// Where intake is silent codes stand for names and times are UTC; nothing fails for it.
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "base/time.h"
#include "cli/cli.h"
#include "cli/fault.h"
#include "whistle/v1/district.pb-c.h"

struct names;

struct names *names_get(struct cli *cli);
void names_free(struct names *names);
const Whistle__V1__District *names_district(struct cli *cli); // NULL where unknown
const struct fault *names_fault(struct cli *cli);             // why the district is unknown
const struct wh_zone *names_zone(struct cli *cli);            // NULL: UTC

// The name of a unit, body or category in the run's language; the code itself where unknown.
const char *name_party(struct cli *cli, const char *code);
const char *name_category(struct cli *cli, const char *code);
// A question of a category as it is asked; its code where unknown.
const char *name_question(struct cli *cli, const char *category, const char *code);

// "08:55", "11-24 08:55" on another day, "2027-01-03 08:55" in another year; local time.
void time_text(struct cli *cli, int64_t at, char *ret_text, size_t n);
// RFC 3339 with the district's offset.
void time_full(struct cli *cli, int64_t at, char *ret_text, size_t n);
// Local date and time, "+3d", "+4h", "+30m", "now" to RFC 3339. arg: the cli. For args_init.
int time_local(void *arg, const char *text, bool begins, char *ret_text, size_t n);
int64_t cli_now(void);

#endif
