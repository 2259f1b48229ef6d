// SPDX-License-Identifier: Apache-2.0
// The six-character code that a resident gets with the number of a report: 30 bits of a keyed hash
// of the number. It is made again whenever it is asked for and stands nowhere, so no table can lose
// or leak it, and a report sent twice with one key gets the same one. Guessing is slowed by
// limit.h.
#ifndef WH_GATEWAY_PUBLIC_CODE_H
#define WH_GATEWAY_PUBLIC_CODE_H

#include <stdbool.h>
#include <stdint.h>

#define PUBLIC_CODE_KEY 32
#define PUBLIC_CODE_CHARS 6

// number: a whistle's, as an integer. ret_code: six of 2-9 A-H J-N P-Z (no 0, 1, I, O) and NUL.
void public_code_make(const uint8_t key[PUBLIC_CODE_KEY], int64_t number,
                      char ret_code[PUBLIC_CODE_CHARS + 1]);

// Is `text` the code of this number? Small letters, blanks and hyphens count as typed by people.
// Takes the same time whatever of it is wrong.
bool public_code_is(const uint8_t key[PUBLIC_CODE_KEY], int64_t number, const char *text);

#endif
