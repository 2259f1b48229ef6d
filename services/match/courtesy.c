// SPDX-License-Identifier: Apache-2.0
// Words at a report's beginning that say nothing of its matter: they would make strangers
// alike.  a phrase with … stands for up to SPAN characters in between.
#include "match/normalise.h"

#include <stdbool.h>
#include <uchar.h>

#define SPAN 16

static const char32_t *const openings[] = {
    U"尊敬的…领导", U"尊敬的…书记", U"尊敬的…市长", U"尊敬的…局长", U"您好",   U"你好",
    U"领导好",      U"领导你们好",  U"我是",        U"我们是",      U"本人是", U"来电人反映",
    U"市民反映",    U"居民反映",    U"咨询",        U"反映",        U"投诉",   U"举报",
    U"请问",        U"求助",        U"关于",        U"再次",        U"强烈",   U"居民",
    U"市民",        U"来电",        U"领导",
};
// Does `word` begin at key[0]? Its length there, 0 where not.
static size_t begins(const uint32_t *key, size_t n, const char32_t *word)
{
    size_t at = 0;
    for (; *word; word++) {
        if (*word == U'…') {
            size_t from = at;
            word++;
            while (at < n && at - from <= SPAN &&
                   !(key[at] == word[0] && begins(key + at, n - at, word)))
                at++;
            size_t rest = at < n && at - from <= SPAN ? begins(key + at, n - at, word) : 0;
            return rest ? at + rest : 0;
        }
        if (at >= n || key[at] != *word)
            return 0;
        at++;
    }
    return at;
}

size_t match_courtesy(const uint32_t *key, size_t n)
{
    size_t at = 0;
    for (bool more = true; more;) {
        more = false;
        while (at < n && key[at] == MATCH_SPACE)
            at++;
        for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
            size_t width = begins(key + at, n - at, openings[i]);
            if (width == 0 || at + width >= n)
                continue;
            at += width;
            more = true;
            break;
        }
    }
    return at < n ? at : 0;
}
