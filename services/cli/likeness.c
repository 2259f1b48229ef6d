// SPDX-License-Identifier: Apache-2.0
// A likeness in words: percent, metres, minutes, shared words; then the commands that decide it.
#include "cli/likeness.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/names.h"
#include "cli/page.h"
#include "cli/text.h"

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t n, const char *format, ...)
{
    size_t used = strlen(text);
    va_list values;
    if (used)
        used += (size_t)snprintf(text + used, n - used, " · ");
    if (used >= n)
        return;
    va_start(values, format);
    (void)vsnprintf(text + used, n - used, format, values);
    va_end(values);
}

// Whole or, at the end of the room, cut between characters.
static void add_text(char *text, size_t n, const char *part)
{
    size_t used = strlen(text), length = strlen(part);
    size_t cut = wh_utf8_cut(part, length, n - 1 - used);
    memcpy(text + used, part, cut);
    text[used + cut] = '\0';
}

static void add_distance(char *text, size_t n, int32_t metres)
{
    if (metres < 1000)
        add(text, n, T("%d 米", "%d m"), metres);
    else
        add(text, n, T("%.1f 公里", "%.1f km"), metres / 1000.0);
}

void likeness_text(const Whistle__V1__Likeness *like, char *ret_text, size_t n)
{
    char span[64];
    *ret_text = '\0';
    int percent = (int)(100 * like->probability); // 99.9 is not certain
    bool ruled = *like->rule && strcmp(like->rule, "SCORE") != 0;
    if (ruled && percent > 0)
        add(ret_text, n, T("%s (文字像 %d %%)", "%s (alike by %d %%)"), text_why(like->rule),
            percent);
    else if (ruled)
        add(ret_text, n, "%s", text_why(like->rule));
    else if (like->probability > 0)
        add(ret_text, n, "%d %%", percent);
    if (like->distance_is_case == WHISTLE__V1__LIKENESS__DISTANCE_IS_DISTANCE_M)
        add_distance(ret_text, n, like->distance_m);
    if (like->minutes < 120) {
        add(ret_text, n, T("%lld 分钟", "%lld min"), (long long)like->minutes);
    } else {
        span_text(like->minutes * 60 * 1000, span, sizeof span);
        add(ret_text, n, "%s", span);
    }
    for (size_t i = 0; i < like->n_shared; i++) {
        const char *word = like->shared[i];
        add_text(ret_text, n, i ? " " : T(" · 共同: ", " · shared: "));
        add_text(ret_text, n, word);
    }
}

static void say_state(Whistle__V1__WhistleState state)
{
    printf(" · ");
    say_tone(stdout, state_tone(state),
             text_enum(&whistle__v1__whistle_state__descriptor, (int)state));
}

// Dedup does not know how the other one stands, dispatch says it with a whistle it shows.
static void say_state_of(struct cli *cli, const Whistle__V1__Likeness *like)
{
    struct reply reply;
    if (like->state) {
        say_state(like->state);
        return;
    }
    reply_init(&reply);
    if (ask_whistle(cli, like->number, &reply) == 0)
        say_state(((const Whistle__V1__Whistle *)reply.body)->state);
    reply_done(&reply);
}

// What may be answered: join or separate; of a resolved matter what `offer` names.
static void commands(const Whistle__V1__Likeness *like, const char *number)
{
    bool asked = like->n_offer > 0;
    for (size_t i = 0; i < like->n_offer; i++)
        if (strcmp(like->offer[i], "NEW") != 0)
            printf("      whistle join %s %s --how %-9s  %s\n", number, like->number,
                   like->offer[i], text_word(&whistle__v1__join_as__descriptor, like->offer[i]));
    if (!asked)
        printf("      whistle join %s %s  %s\n", number, like->number, T("是同一件事", "the same"));
    printf("      whistle split %s  %s\n", number, T("是另一件事", "another matter"));
}

void likeness_print(struct cli *cli, const Whistle__V1__Likeness *like, const char *number,
                    bool state)
{
    char text[512], at[32];
    printf("    %s%s%s  ", colour_on(TONE_STRONG), like->number, colour_off(TONE_STRONG));
    say_clean(stdout, like->title, false);
    likeness_text(like, text, sizeof text);
    printf("\n      ");
    say_tone(stdout, like->band == WHISTLE__V1__BAND__BAND_SAME ? TONE_WARN : TONE_PLAIN,
             text_enum(&whistle__v1__band__descriptor, (int)like->band));
    printf("%s", like->band ? " · " : "");
    say_clean(stdout, text, false);
    if (like->resolved_at) {
        time_text(cli, like->resolved_at, at, sizeof at);
        printf(T(" · 已于 %s 解决", " · resolved %s"), at);
    } else if (state) {
        say_state_of(cli, like);
    }
    (void)fputc('\n', stdout);
    if (*like->text) {
        printf("      ");
        say_clean(stdout, like->text, false);
        (void)fputc('\n', stdout);
    }
    if (*number)
        commands(like, number);
}
