// SPDX-License-Identifier: Apache-2.0
// Secrets as text. Everything that comes is checked character by character before it is believed to
// be a secret; nothing is normalised.
#include "gateway/token.h"

#include <sodium.h>
#include <string.h>

static const char low32[] = "abcdefghijklmnopqrstuvwxyz234567";

void token_text(const uint8_t *bytes, size_t n, char *ret_text)
{
    size_t room = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_bin2base64(ret_text, room, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

size_t token_bytes(const char *text, size_t chars, uint8_t *ret_bytes, size_t max)
{
    size_t n = 0;
    const char *end = NULL;
    if (chars == 0 ||
        sodium_base642bin(ret_bytes, max, text, chars, NULL, &n, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != text + chars)
        return 0;
    return n;
}

void token_hash(const void *data, size_t n, uint8_t ret_hash[TOKEN_HASH])
{
    crypto_generichash(ret_hash, TOKEN_HASH, data, n, NULL, 0);
}

bool token_equal(const uint8_t a[TOKEN_HASH], const uint8_t b[TOKEN_HASH])
{
    return sodium_memcmp(a, b, TOKEN_HASH) == 0;
}

// ---- cookie ------------------------------------------------------------------------------------

bool cookie_token(const char *header, uint8_t ret_token[TOKEN_BYTES])
{
    static const char name[] = COOKIE_NAME "=";
    uint8_t token[TOKEN_BYTES];
    size_t found = 0;
    bool good = false;
    for (const char *at = header; *at != '\0';) {
        at += strspn(at, "; \t");
        size_t n = strcspn(at, ";");
        if (n >= sizeof name - 1 && memcmp(at, name, sizeof name - 1) == 0) {
            found++;
            good =
                n == sizeof name - 1 + TOKEN_CHARS &&
                token_bytes(at + sizeof name - 1, TOKEN_CHARS, token, sizeof token) == TOKEN_BYTES;
        }
        at += n;
    }
    if (found != 1 || !good)
        return false;
    memcpy(ret_token, token, TOKEN_BYTES);
    return true;
}

void cookie_set(const uint8_t *token, char ret_text[160])
{
    static const char attributes[] = "; Path=/; Secure; HttpOnly; SameSite=Strict";
    char text[TOKEN_CHARS + 1] = "";
    if (token != NULL)
        token_text(token, TOKEN_BYTES, text);
    char *at = stpcpy(stpcpy(ret_text, COOKIE_NAME "="), text);
    at = stpcpy(at, attributes);
    if (token == NULL)
        (void)stpcpy(at, "; Max-Age=0");
}

// ---- keys of programs --------------------------------------------------------------------------

bool api_key_prefix_good(const char *prefix)
{
    return strlen(prefix) == API_KEY_PREFIX && strspn(prefix, low32) == API_KEY_PREFIX;
}

static bool key_good(const char *key)
{
    uint8_t secret[TOKEN_BYTES];
    return strlen(key) == API_KEY_CHARS && memcmp(key, "whk_", 4) == 0 &&
           strspn(key + 4, low32) >= API_KEY_PREFIX && key[4 + API_KEY_PREFIX] == '_' &&
           token_bytes(key + 4 + API_KEY_PREFIX + 1, TOKEN_CHARS, secret, sizeof secret) ==
               TOKEN_BYTES;
}

bool api_key_read(const char *authorization, char ret_prefix[API_KEY_PREFIX + 1],
                  uint8_t ret_hash[TOKEN_HASH])
{
    static const char scheme[] = "Bearer ";
    if (strncmp(authorization, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *key = authorization + sizeof scheme - 1;
    key += strspn(key, " ");
    if (!key_good(key))
        return false;
    memcpy(ret_prefix, key + 4, API_KEY_PREFIX);
    ret_prefix[API_KEY_PREFIX] = '\0';
    token_hash(key, API_KEY_CHARS, ret_hash);
    return true;
}
