// SPDX-License-Identifier: Apache-2.0
// What a password must be, and what a hash of one may look like. Length counts, and that it is not
// one that everybody tries first; no rules about kinds of characters. Pure; hashing is elsewhere.
#ifndef WH_GATEWAY_PASSWORD_H
#define WH_GATEWAY_PASSWORD_H

#include <stdbool.h>

#include "base/error.h"

#define PASSWORD_MIN 10
#define PASSWORD_MAX 128
#define PASSWORD_HASH_MAX 127
// Others are refused: checking takes the same time whoever it is (client/secrets.h makes them).
#define PASSWORD_HASH_START "$argon2id$v=19$m=19456,t=2,p=1$"

// WH_RULE_NONE, or why it cannot be this person's password.
enum wh_rule password_check(const char *password, const char *login, const char *name);
// Is this an argon2id string of libsodium with our parameters?
bool password_hash_good(const char *hash);

#endif
