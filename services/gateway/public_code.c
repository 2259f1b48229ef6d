// SPDX-License-Identifier: Apache-2.0
// Keyed BLAKE2b of a fixed word and the number, five bits a character.
#include "gateway/public_code.h"

#include <sodium.h>
#include <string.h>

static const char alphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static const char word[] = "whistle.public.code";

_Static_assert(sizeof alphabet == 33, "five bits a character");

void public_code_make(const uint8_t key[PUBLIC_CODE_KEY], int64_t number,
                      char ret_code[PUBLIC_CODE_CHARS + 1])
{
    uint8_t said[sizeof word + 8], hash[crypto_generichash_BYTES];
    uint64_t bits = 0;
    memcpy(said, word, sizeof word);
    for (int i = 0; i < 8; i++)
        said[sizeof word + (size_t)i] = (uint8_t)((uint64_t)number >> (8 * i));
    crypto_generichash(hash, sizeof hash, said, sizeof said, key, PUBLIC_CODE_KEY);
    memcpy(&bits, hash, sizeof bits);
    for (int i = 0; i < PUBLIC_CODE_CHARS; i++, bits >>= 5)
        ret_code[i] = alphabet[bits & 31];
    ret_code[PUBLIC_CODE_CHARS] = 0;
    sodium_memzero(hash, sizeof hash);
}

// As people type it: false where it cannot be a code.
static bool read_typed(const char *text, char ret_code[PUBLIC_CODE_CHARS + 1])
{
    size_t n = 0;
    for (; *text != 0; text++) {
        char c = *text;
        if (c == ' ' || c == '-')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (n == PUBLIC_CODE_CHARS || strchr(alphabet, c) == NULL)
            return false;
        ret_code[n++] = c;
    }
    ret_code[n] = 0;
    return n == PUBLIC_CODE_CHARS;
}

bool public_code_is(const uint8_t key[PUBLIC_CODE_KEY], int64_t number, const char *text)
{
    char typed[PUBLIC_CODE_CHARS + 1] = "......", right[PUBLIC_CODE_CHARS + 1];
    bool possible = read_typed(text, typed);
    public_code_make(key, number, right);
    bool same = sodium_memcmp(typed, right, PUBLIC_CODE_CHARS) == 0;
    sodium_memzero(right, sizeof right);
    return possible && same;
}
