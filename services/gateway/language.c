// SPDX-License-Identifier: Apache-2.0
// Accept-Language: the higher weight of zh and en; see language.h.
#include "gateway/language.h"

#include <string.h>

#include "base/text.h"

// "0.8" as 800; 1000 where there is none or it is malformed in a harmless way; 0 for "0".
static int weight(struct wh_str text)
{
    int value = 0, scale = 1000;
    if (text.n == 0 || text.n > 5 || text.p[0] < '0' || text.p[0] > '1')
        return 1000;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9') {
            value += (text.p[i] - '0') * scale;
            scale /= 10;
        } else if (i != 1 || text.p[i] != '.') {
            return 1000;
        }
    }
    return value > 1000 ? 1000 : value;
}

static bool is_of(struct wh_str range, const char *language)
{
    return range.n >= 2 && (range.p[0] | 32) == language[0] && (range.p[1] | 32) == language[1] &&
           (range.n == 2 || range.p[2] == '-');
}

enum gateway_language language_of(const char *accept)
{
    struct wh_str rest = wh_str(accept), item;
    int zh = -1, en = -1, any = -1;
    while (rest.n > 0 && wh_str_split(&rest, ',', &item)) {
        struct wh_str range, quality = item;
        (void)wh_str_split(&quality, ';', &range);
        range = wh_str_trim(range);
        quality = wh_str_trim(quality);
        int q = wh_str_starts(quality, wh_str("q="))
                    ? weight((struct wh_str){quality.p + 2, quality.n - 2})
                    : 1000;
        int *of = is_of(range, "zh") ? &zh : is_of(range, "en") ? &en : NULL;
        if (wh_str_eq(range, wh_str("*")))
            of = &any;
        if (of && q > *of)
            *of = q;
    }
    zh = zh < 0 ? any : zh;
    en = en < 0 ? any : en;
    return en > 0 && en > zh ? LANGUAGE_EN : LANGUAGE_ZH;
}

const char *language_tag(enum gateway_language language)
{
    return language == LANGUAGE_EN ? "en" : "zh-CN";
}

const char *language_rule(enum gateway_language language, const struct wh_rule_info *rule)
{
    return language == LANGUAGE_EN ? rule->en : rule->zh;
}
