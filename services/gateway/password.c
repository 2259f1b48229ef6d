// SPDX-License-Identifier: Apache-2.0
// Passwords that everybody tries first are told by what they are made of: one character or a step
// on the keyboard repeated, a well-known word with digits, the person's own name.
#define _GNU_SOURCE // strcasestr
#include "gateway/password.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define WORD_MIN 4 // shorter names and pieces forbid too much

static const char *const common[] = {
    "password",      "passw0rd", "whistle",  "chuishao", "baodao",       "admin",
    "administrator", "welcome",  "letmein",  "iloveyou", "woaini",       "qwertyuiop",
    "asdfghjkl",     "zxcvbnm",  "1q2w3e4r", "qazwsx",   "woaizhongguo",
};

// What is left when digits and punctuation at both ends are gone.
static struct wh_str core_of(const char *password)
{
    size_t from = 0, to = strlen(password);
    while (from < to &&
           (isdigit((unsigned char)password[from]) || ispunct((unsigned char)password[from])))
        from++;
    while (to > from &&
           (isdigit((unsigned char)password[to - 1]) || ispunct((unsigned char)password[to - 1])))
        to--;
    return wh_str_n(password + from, to - from);
}

static bool is_common(const char *password)
{
    struct wh_str core = core_of(password);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (strcasecmp(password, common[i]) == 0 ||
            (core.n == strlen(common[i]) && strncasecmp(core.p, common[i], core.n) == 0))
            return true;
    return false;
}

// 1234567890, aaaaaaaaaa, abcdefghij: every step is the same, or nearly all are.
static bool is_row(const char *password)
{
    size_t n = strlen(password), same = 0;
    for (size_t i = 2; i < n; i++)
        same += password[i] - password[i - 1] == password[i - 1] - password[i - 2];
    return n > 2 && same * 4 >= (n - 2) * 3;
}

// A short piece again and again: abcabcabcabc, 12341234.
static bool is_repeated(const char *password)
{
    size_t n = strlen(password);
    for (size_t piece = 1; piece <= WORD_MIN; piece++) {
        size_t i = piece;
        while (i < n && password[i] == password[i - piece])
            i++;
        if (i == n)
            return true;
    }
    return false;
}

static bool holds(const char *password, const char *word)
{
    return strlen(word) >= WORD_MIN && strcasestr(password, word) != NULL;
}

enum wh_rule password_check(const char *password, const char *login, const char *name)
{
    enum wh_rule rule = WH_RULE_NONE;
    size_t n = strlen(password);
    if (wh_text_check(password, n, PASSWORD_MAX, &rule) != 0)
        return rule;
    if (wh_utf8_chars(password, n) < PASSWORD_MIN)
        return WH_RULE_PASSWORD_SHORT;
    if (is_common(password) || is_row(password) || is_repeated(password) ||
        holds(password, login) || holds(password, name))
        return WH_RULE_PASSWORD_GUESSED;
    return WH_RULE_NONE;
}

bool password_hash_good(const char *hash)
{
    static const char start[] = PASSWORD_HASH_START;
    static const char pieces[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/$";
    size_t n = strlen(hash);
    return n <= PASSWORD_HASH_MAX && n > sizeof start + 60 &&
           memcmp(hash, start, sizeof start - 1) == 0 &&
           strspn(hash + sizeof start - 1, pieces) == n - (sizeof start - 1);
}
