// SPDX-License-Identifier: Apache-2.0
// Sealing personal data: every person (or, without one, every text) has a key of their own; that
// key is wrapped by the vault key, which lives outside the database. libsodium's secretbox
// (XSalsa20-Poly1305) and keyed BLAKE2b. Pure: keys and nonces are the caller's, nonces are random
// and used once.
#ifndef WH_INTAKE_SEAL_H
#define WH_INTAKE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY 32
#define SEAL_NONCE 24
#define SEAL_MAC 16
#define SEAL_HASH 32
#define SEAL_WRAPPED (SEAL_NONCE + SEAL_MAC + 8 + SEAL_KEY)
#define SEAL_PHONE 24 // normalised, with NUL

struct person {
    int64_t id;
    uint8_t key[SEAL_KEY];
};

// Digits only, without +86 or 0086 before an eleven-digit number. False where no digit is left.
bool seal_phone(const char *phone, char ret_normal[SEAL_PHONE]);

// Which person a phone is: keyed by the reporter key, so that a table of hashes tells nothing.
void seal_phone_hash(const uint8_t reporter_key[SEAL_KEY], const char *normal,
                     uint8_t ret_hash[SEAL_HASH]);

// What stands in the journal instead: the same for all whistles of one person, keyed by the
// person's own key, so that after an erasure no one can make it from a phone again.
void seal_pseudonym(const struct person *person, const char *normal, uint8_t ret_hash[SEAL_HASH]);

// The person's key for the table; bound to the id, so that rows cannot be exchanged.
void seal_wrap(const uint8_t vault[SEAL_KEY], const struct person *person,
               const uint8_t nonce[SEAL_NONCE], uint8_t ret_wrapped[SEAL_WRAPPED]);
// 0, WH_E_INVALID (another vault key, another person's row, damage).
int seal_unwrap(const uint8_t vault[SEAL_KEY], int64_t id, const uint8_t *wrapped, size_t n,
                struct person *ret_person);

// box: n + SEAL_MAC bytes.
void seal_box(const struct person *person, const uint8_t nonce[SEAL_NONCE], const uint8_t *data,
              size_t n, uint8_t *ret_box);
// data: n - SEAL_MAC bytes. 0, WH_E_INVALID.
int seal_open(const struct person *person, const uint8_t *nonce, size_t nonce_n, const uint8_t *box,
              size_t n, uint8_t *ret_data);

#endif
