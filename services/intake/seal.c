// SPDX-License-Identifier: Apache-2.0
// Sealing with libsodium; see seal.h for what is bound to what.
#include "intake/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/error.h"

bool seal_phone(const char *phone, char ret_normal[SEAL_PHONE])
{
    char digits[SEAL_PHONE];
    size_t n = 0;
    for (const char *p = phone; *p != 0 && n < SEAL_PHONE - 1; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    digits[n] = 0;
    const char *from = digits;
    if (n == 15 && strncmp(digits, "0086", 4) == 0)
        from += 4;
    else if (n == 13 && strncmp(digits, "86", 2) == 0)
        from += 2;
    memcpy(ret_normal, from, strlen(from) + 1);
    return n > 0;
}

void seal_phone_hash(const uint8_t reporter_key[SEAL_KEY], const char *normal,
                     uint8_t ret_hash[SEAL_HASH])
{
    crypto_generichash(ret_hash, SEAL_HASH, (const uint8_t *)normal, strlen(normal), reporter_key,
                       SEAL_KEY);
}

void seal_pseudonym(const struct person *person, const char *normal, uint8_t ret_hash[SEAL_HASH])
{
    seal_phone_hash(person->key, normal, ret_hash);
}

static void put_id(uint8_t to[8], int64_t id)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)((uint64_t)id >> (8 * (7 - i)));
}

void seal_wrap(const uint8_t vault[SEAL_KEY], const struct person *person,
               const uint8_t nonce[SEAL_NONCE], uint8_t ret_wrapped[SEAL_WRAPPED])
{
    uint8_t plain[8 + SEAL_KEY];
    put_id(plain, person->id);
    memcpy(plain + 8, person->key, SEAL_KEY);
    memcpy(ret_wrapped, nonce, SEAL_NONCE);
    crypto_secretbox_easy(ret_wrapped + SEAL_NONCE, plain, sizeof(plain), nonce, vault);
    sodium_memzero(plain, sizeof(plain));
}

int seal_unwrap(const uint8_t vault[SEAL_KEY], int64_t id, const uint8_t *wrapped, size_t n,
                struct person *ret_person)
{
    uint8_t plain[8 + SEAL_KEY], wanted[8];
    if (n != SEAL_WRAPPED ||
        crypto_secretbox_open_easy(plain, wrapped + SEAL_NONCE, SEAL_WRAPPED - SEAL_NONCE, wrapped,
                                   vault) != 0)
        return WH_E_INVALID;
    put_id(wanted, id);
    if (memcmp(plain, wanted, sizeof(wanted)) != 0)
        return WH_E_INVALID;
    ret_person->id = id;
    memcpy(ret_person->key, plain + 8, SEAL_KEY);
    sodium_memzero(plain, sizeof(plain));
    return 0;
}

void seal_box(const struct person *person, const uint8_t nonce[SEAL_NONCE], const uint8_t *data,
              size_t n, uint8_t *ret_box)
{
    crypto_secretbox_easy(ret_box, data, n, nonce, person->key);
}

int seal_open(const struct person *person, const uint8_t *nonce, size_t nonce_n, const uint8_t *box,
              size_t n, uint8_t *ret_data)
{
    if (nonce_n != SEAL_NONCE || n < SEAL_MAC)
        return WH_E_INVALID;
    return crypto_secretbox_open_easy(ret_data, box, n, nonce, person->key) == 0 ? 0 : WH_E_INVALID;
}
