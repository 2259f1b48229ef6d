// SPDX-License-Identifier: Apache-2.0
// Why two whistles look alike, and what may be done about it, as people read it.
#ifndef CLI_LIKENESS_H
#define CLI_LIKENESS_H

#include "cli/cli.h"
#include "whistle/v1/dedup.pb-c.h"

// "87 % · 120 米 · 4 分钟 · 共同: 染坊街 积水": the numbers that decided. The rule is said where it
// is not the score.
void likeness_text(const Whistle__V1__Likeness *like, char *ret_text, size_t n);
// The other whistle's number, title and text, the numbers, with `state` how it stands (asked of
// dispatch where it is not said). number: the whistle that may be joined to it, whose commands
// follow; "" none (a preview).
void likeness_print(struct cli *cli, const Whistle__V1__Likeness *like, const char *number,
                    bool state);

#endif
