// SPDX-License-Identifier: Apache-2.0
// Secrets as people and programs carry them: a session's token in a cookie, an API key in
// Authorization. Only their shape is known here: 32 random bytes become text and back, strictly;
// what is compared is a hash. Pure: randomness is handed in.
#ifndef WH_GATEWAY_TOKEN_H
#define WH_GATEWAY_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_BYTES 32
#define TOKEN_CHARS 43 // base64url without padding
#define TOKEN_HASH 32
#define API_KEY_PREFIX 8
#define API_KEY_CHARS (4 + API_KEY_PREFIX + 1 + TOKEN_CHARS) // "whk_PREFIX_SECRET"
#define COOKIE_NAME "__Host-whistle"

// base64url (RFC 4648) of n bytes without padding; ret_text has (n * 4 + 2) / 3 + 1 bytes.
void token_text(const uint8_t *bytes, size_t n, char *ret_text);
// Back: exactly what token_text writes, of `chars` characters; at most max bytes. Number of bytes,
// 0 where it is anything else.
size_t token_bytes(const char *text, size_t chars, uint8_t *ret_bytes, size_t max);
// BLAKE2b-256 of bytes that are a secret themselves.
void token_hash(const void *data, size_t n, uint8_t ret_hash[TOKEN_HASH]);
bool token_equal(const uint8_t a[TOKEN_HASH], const uint8_t b[TOKEN_HASH]); // in constant time

// The session's token in a Cookie header: exactly one cookie of our name with a whole token. Two of
// that name are none: who can set a second one must not choose which is taken.
bool cookie_token(const char *header, uint8_t ret_token[TOKEN_BYTES]);
// The Set-Cookie value that sets (token NULL: removes) it; ret_text has 160 bytes.
void cookie_set(const uint8_t *token, char ret_text[160]);

// "Bearer whk_…": prefix and the hash of the whole key. False: anything else.
bool api_key_read(const char *authorization, char ret_prefix[API_KEY_PREFIX + 1],
                  uint8_t ret_hash[TOKEN_HASH]);
bool api_key_prefix_good(const char *prefix); // 8 characters a-z2-7

#endif
