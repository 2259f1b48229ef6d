// SPDX-License-Identifier: Apache-2.0
// Secrets that are made for somebody and shown once: first passwords and keys of programs, and what
// is kept of them. One set of parameters for all passwords, so that checking takes the same time
// whoever is asked for.
#ifndef WH_CLIENT_SECRETS_H
#define WH_CLIENT_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#define WH_PASSWORD_MADE 20  // with NUL
#define WH_PASSWORD_HASH 128 // libsodium's crypto_pwhash_STRBYTES
#define WH_PASSWORD_START "$argon2id$v=19$m=19456,t=2,p=1$"
#define WH_API_KEY_PREFIX 8
#define WH_API_KEY_MAX 57 // "whk_PREFIX_SECRET" with NUL
#define WH_API_KEY_HASH 32

// 16 characters of 31 that are not taken for each other, in four groups: 79 bits.
void wh_password_make(char ret_password[WH_PASSWORD_MADE]);
// argon2id (19 MiB, 2 passes); takes tens of milliseconds. 0, WH_E_NOMEM.
int wh_password_hash(const char *password, char ret_hash[WH_PASSWORD_HASH]);
// A new key, its prefix (8 characters a-z2-7, with NUL) and its hash (BLAKE2b of the whole key).
void wh_api_key_make(char ret_key[WH_API_KEY_MAX], char ret_prefix[WH_API_KEY_PREFIX + 1],
                     uint8_t ret_hash[WH_API_KEY_HASH]);

#endif
