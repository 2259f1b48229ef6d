// SPDX-License-Identifier: Apache-2.0
// Characters between U+4E00 and U+9F00, drawn by splitmix64 (S. Vigna).
#include "support/distinct.h"

void distinct_text(uint64_t seed, size_t chars, char *ret_text)
{
    uint64_t state = seed * UINT64_C(0x2545f4914f6cdd1d);
    for (size_t i = 0; i < chars; i++, ret_text += 3) {
        uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        uint32_t point = 0x4e00 + (uint32_t)((x ^ x >> 31) % 0x5100);
        ret_text[0] = (char)(0xe0 | point >> 12);
        ret_text[1] = (char)(0x80 | (point >> 6 & 0x3f));
        ret_text[2] = (char)(0x80 | (point & 0x3f));
    }
}
