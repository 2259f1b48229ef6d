// SPDX-License-Identifier: Apache-2.0
// Randomness into text, and text into hashes; see secrets.h.
#include "client/secrets.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define PASSES 2
#define MEMORY ((size_t)19456 << 10)
_Static_assert(WH_PASSWORD_HASH == crypto_pwhash_STRBYTES, "a hash's room");

void wh_password_make(char ret_password[WH_PASSWORD_MADE])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    size_t n = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i > 0 && i % 4 == 0)
            ret_password[n++] = '-';
        ret_password[n++] = letters[randombytes_uniform(sizeof letters - 1)];
    }
    ret_password[n] = '\0';
}

int wh_password_hash(const char *password, char ret_hash[WH_PASSWORD_HASH])
{
    return crypto_pwhash_str_alg(ret_hash, password, strlen(password), PASSES, MEMORY,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0
               ? 0
               : WH_E_NOMEM;
}

void wh_api_key_make(char ret_key[WH_API_KEY_MAX], char ret_prefix[WH_API_KEY_PREFIX + 1],
                     uint8_t ret_hash[WH_API_KEY_HASH])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t secret[32];
    char text[48];
    for (size_t i = 0; i < WH_API_KEY_PREFIX; i++)
        ret_prefix[i] = letters[randombytes_uniform(32)];
    ret_prefix[WH_API_KEY_PREFIX] = '\0';
    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(text, sizeof text, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)snprintf(ret_key, WH_API_KEY_MAX, "whk_%s_%s", ret_prefix, text);
    crypto_generichash(ret_hash, WH_API_KEY_HASH, (const uint8_t *)ret_key, strlen(ret_key), NULL,
                       0);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(text, sizeof text);
}
