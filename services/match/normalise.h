// SPDX-License-Identifier: Apache-2.0
// Text as match keys: what two people write differently and mean alike becomes the same. NFKC with
// casefold (utf8proc), traditional to simplified characters (opencc's table), only letters, digits
// and marks; whatever stands between them (punctuation, emoji, invisible and bidi characters) is
// one space. For keys only: the raw text is kept by callers.
#ifndef WH_MATCH_NORMALISE_H
#define WH_MATCH_NORMALISE_H

#include <stddef.h>
#include <stdint.h>

#define MATCH_SPACE U' '

// Code points of the text's key, at most `room`; what does not fit is cut. No space at the ends,
// none twice. Bytes that are not UTF-8 count as spaces. The key of a key is itself. Allocates
// nothing.
size_t match_normalise(const char *text, size_t n, uint32_t *ret_key, size_t room);

// How many code points of the key's beginning say nothing of the matter (您好, 尊敬的领导,
// 我是…的居民, 反映 …): 0 to n - 1.
size_t match_courtesy(const uint32_t *key, size_t n);

// Are key[at], key[at + 1] what a place is called by: the two characters before 路, 街, 小区, 花园,
// 村 … (also before 东路, 大街, 新村)? How many characters the name has from there on, 0: they are
// not.
size_t match_place_name(const uint32_t *key, size_t n, size_t at);

#endif
