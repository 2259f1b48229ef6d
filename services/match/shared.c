// SPDX-License-Identifier: Apache-2.0
// The words that two reports share, for people to read: runs of the raw text whose bigrams all
// stand in the other report.
#include <string.h>

#include "base/text.h"
#include "match/normalise.h"
#include "match/report_internal.h"

#define PIECES 6
#define POINTS 8 // of one character's key

struct piece {
    const char *from;
    size_t n, chars;
};

struct run {
    const struct match_report *other;
    struct piece pieces[PIECES]; // longest first
    const char *from, *to;       // of the run at hand
    size_t chars;
    uint32_t last; // the key's point before
};

static bool has(const struct match_report *report, uint32_t hash)
{
    const uint8_t *bytes = match_gram_bytes(report);
    size_t low = 0, high = report->grams;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (match_gram_raw(bytes, mid) >> 4 < hash)
            low = mid + 1;
        else
            high = mid;
    }
    return low < report->grams && match_gram_raw(bytes, low) >> 4 == hash;
}

static bool known(const struct run *run, const char *from, size_t n)
{
    for (size_t i = 0; i < PIECES && run->pieces[i].chars; i++)
        if (wh_str_find(wh_str_n(run->pieces[i].from, run->pieces[i].n), wh_str_n(from, n)) !=
            SIZE_MAX)
            return true;
    return false;
}

static void end_run(struct run *run)
{
    size_t n = (size_t)(run->to - run->from), i = PIECES - 1;
    if (run->chars >= 2 && run->chars > run->pieces[i].chars && !known(run, run->from, n)) {
        for (; i > 0 && run->pieces[i - 1].chars < run->chars; i--)
            run->pieces[i] = run->pieces[i - 1];
        run->pieces[i] = (struct piece){run->from, n, run->chars};
    }
    run->chars = 0;
}

static void step(struct run *run, const char *at, size_t width, const uint32_t *key, size_t n)
{
    if (n == 0)
        return; // invisible
    if (key[0] == MATCH_SPACE) {
        end_run(run);
        return;
    }
    bool joined = run->chars > 0 && has(run->other, match_gram_hash(run->last, key[0]));
    for (size_t i = 1; i < n && joined; i++)
        joined = has(run->other, match_gram_hash(key[i - 1], key[i]));
    if (!joined) {
        end_run(run);
        run->from = at;
    }
    run->chars++;
    run->to = at + width;
    run->last = key[n - 1];
}

static void walk(struct run *run, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    for (size_t at = 0; at < n;) {
        uint32_t point, key[POINTS];
        size_t width = wh_utf8_decode(text + at, n - at, &point);
        if (width > 0)
            step(run, text + at, width, key, match_normalise(text + at, width, key, POINTS));
        at += width ? width : 1;
    }
    end_run(run);
    run->last = 0;
}

void match_shared_words(struct match_maker *maker, const struct match_input *in,
                        const struct match_report *other, char *ret_words, size_t room)
{
    struct run run = {.other = other};
    size_t used = 0;
    (void)maker;
    if (room == 0)
        return;
    walk(&run, in->title);
    walk(&run, in->text);
    for (size_t i = 0; i < PIECES && run.pieces[i].chars; i++) {
        size_t gap = used > 0, left = room - used;
        if (left <= gap + 1)
            break;
        size_t n = wh_utf8_cut(run.pieces[i].from, run.pieces[i].n, left - gap - 1);
        if (n == 0)
            break;
        if (gap)
            ret_words[used++] = ' ';
        memcpy(ret_words + used, run.pieces[i].from, n);
        used += n;
    }
    ret_words[used] = '\0';
}
