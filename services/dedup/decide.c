// SPDX-License-Identifier: Apache-2.0
// Bands become verdicts. What stands against a join by itself (another priority, a resolved matter,
// things asked for beside the text, a separation) makes SAME a PERHAPS; nothing makes NEW more.
#include "dedup/decide.h"

#include <stdlib.h>
#include <string.h>

#include "dedup/fold.h"

#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1
#define P2 WHISTLE__V1__PRIORITY__PRIORITY_P2
#define RULED_CLOSED WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_RULED_CLOSED
#define DAY_MS INT64_C(86400000)

unsigned decide_offer(const struct standing *root, int64_t now)
{
    if (root->resolved_at == 0 || !fold_has_ended(root) ||
        now - root->resolved_at > OFFER_DAYS * DAY_MS)
        return 0;
    return root->moved == RULED_CLOSED ? OFFER_NEW | OFFER_RECURRING
                                       : OFFER_REOPEN | OFFER_NEW | OFFER_RECURRING;
}

// Nothing can be one with it any more: withdrawn, taken back, or resolved long ago.
static bool is_over(const struct standing *root, int64_t now)
{
    return root->stage == STAGE_NONE || (fold_has_ended(root) && decide_offer(root, now) == 0);
}

// NULL: nothing stands against it.
static const char *against(const struct matters *matters, const struct standing *mine,
                           const struct standing *root)
{
    if (matters_get(matters, mine->id) != NULL && matters_are_apart(matters, mine->id, root->id))
        return "APART";
    if (root->resolved_at != 0)
        return "RESOLVED";
    if (mine->priority == P1 && root->priority > P1)
        return "PRIORITY";
    if (mine->asks != 0 && mine->asks != root->asks)
        return "ASKS";
    return NULL;
}

static struct resemblance resemblance_of(const struct decide_by *by, const struct standing *mine,
                                         const struct standing *root,
                                         const struct simindex_hit *hit)
{
    struct resemblance like = {.root = root->id,
                               .compared = hit->id,
                               .score = hit->score,
                               .band = match_band(by->model, &hit->score),
                               .rule = match_reason(by->model, &hit->score),
                               .resolved_at = root->resolved_at,
                               .offer = decide_offer(root, by->now)};
    const char *why = against(by->matters, mine, root);
    if (why != NULL && strcmp(why, "APART") == 0) {
        like.band = MATCH_NEW; // a person said so: not even shown as perhaps the same
        like.rule = why;
    }
    if (like.band == MATCH_SAME && why == NULL && by->settings->by_hand)
        why = "BY_HAND";
    if (like.band == MATCH_SAME && why != NULL) {
        like.band = MATCH_PERHAPS;
        like.rule = why;
    }
    return like;
}

static const struct standing *matter_of(const struct decide_by *by, int64_t id,
                                        const struct standing *mine)
{
    int64_t root_id = matters_root(by->matters, id);
    const struct standing *root = matters_get(by->matters, root_id);
    if (root == NULL || is_over(root, by->now) || (root->flags ^ mine->flags) & REPORT_DRILL)
        return NULL;
    return matters_root(by->matters, mine->id) == root_id ? NULL : root;
}

static bool is_better(const struct resemblance *a, const struct resemblance *b)
{
    if (a->band != b->band)
        return a->band > b->band;
    if (a->score.logit != b->score.logit)
        return a->score.logit > b->score.logit;
    return a->root < b->root;
}

// Into its place; of one matter the better one stays. The worst leaves when there is no room.
static size_t insert(struct resemblance *list, size_t n, size_t max, const struct resemblance *like)
{
    size_t at = n;
    for (size_t i = 0; i < n; i++) {
        if (list[i].root != like->root)
            continue;
        if (!is_better(like, &list[i]))
            return n;
        for (n--; i < n; i++)
            list[i] = list[i + 1];
        at = n;
    }
    while (at > 0 && is_better(like, &list[at - 1]))
        at--;
    if (at >= max)
        return n;
    n = n < max ? n + 1 : max;
    for (size_t i = n - 1; i > at; i--)
        list[i] = list[i - 1];
    list[at] = *like;
    return n;
}

size_t decide_likenesses(const struct decide_by *by, const struct standing *standing,
                         const struct simindex_hit *hits, size_t n_hits,
                         struct resemblance *ret_like, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < n_hits; i++) {
        const struct standing *root = matter_of(by, hits[i].id, standing);
        if (root == NULL)
            continue;
        struct resemblance like = resemblance_of(by, standing, root, &hits[i]);
        n = insert(ret_like, n, max, &like);
    }
    return n;
}

static size_t levels(const struct decide_settings *settings, size_t supporters)
{
    size_t n = 0;
    while (n < settings->n_raise && (size_t)settings->raise[n] <= supporters)
        n++;
    return n;
}

uint8_t decide_priority(const struct decide_settings *settings, uint8_t own, uint8_t urgency,
                        size_t supporters)
{
    uint8_t to = own;
    for (size_t rise = levels(settings, supporters); rise > 0 && to > P2; rise--)
        to--;
    return urgency != 0 && urgency < to ? urgency : to;
}

uint8_t decide_raise(const struct decide_by *by, int64_t into, uint8_t priority, size_t joining)
{
    const struct standing *root = matters_get(by->matters, into);
    if (root == NULL)
        return 0;
    size_t before = matters_supporters(by->matters, into);
    size_t rise = levels(by->settings, before + joining) - levels(by->settings, before);
    uint8_t to = root->priority;
    while (rise-- > 0 && to > P2)
        to--;
    if (priority != 0 && priority < to)
        to = priority;
    return to < root->priority ? to : 0;
}

void decide_blown(const struct decide_by *by, const struct standing *standing,
                  const struct simindex_hit *hits, size_t n_hits, int64_t blown_at,
                  struct verdict *ret_verdict)
{
    struct verdict *v = ret_verdict;
    *v = (struct verdict){.kind = VERDICT_CLEAR};
    v->n = decide_likenesses(by, standing, hits, n_hits, v->like, LIKE_MAX);
    while (v->n > 0 && v->like[v->n - 1].band == MATCH_NEW)
        v->n--;
    if (v->n == 0)
        return;
    if (v->like[0].band == MATCH_SAME) {
        v->kind = VERDICT_MERGE;
        v->raise_to = decide_raise(by, v->like[0].root, standing->priority, 1);
        return;
    }
    v->until_at = blown_at + by->settings->hold_ms;
    bool may_wait = standing->priority != P1 && !(standing->flags & REPORT_DANGER);
    if (may_wait && v->until_at > by->now)
        v->kind = VERDICT_HOLD;
    else
        v->until_at = 0;
}

void decide_said(const struct decide_by *by, const struct standing *standing, int64_t same_as,
                 struct verdict *verdict)
{
    const struct standing *root = same_as != 0 ? matter_of(by, same_as, standing) : NULL;
    if (root == NULL || by->settings->by_hand || against(by->matters, standing, root) != NULL)
        return;
    struct resemblance like = {.root = root->id,
                               .compared = same_as,
                               .score = {.distance_m = -1},
                               .band = MATCH_SAME,
                               .rule = "SAID"};
    *verdict = (struct verdict){.kind = VERDICT_MERGE, .n = 1, .like = {like}};
    verdict->raise_to = decide_raise(by, root->id, standing->priority, 1);
}

int decide_read_raise(const char *text, struct decide_settings *settings)
{
    settings->n_raise = 0;
    long last = 0;
    while (*text != 0) {
        char *end;
        long value = strtol(text, &end, 10);
        if (end == text || value <= last || value > INT32_MAX || settings->n_raise == RAISE_MAX ||
            (*end != 0 && (*end != ',' || end[1] == 0)))
            return WH_E_INVALID;
        settings->raise[settings->n_raise++] = (int32_t)value;
        last = value;
        text = *end == ',' ? end + 1 : end;
    }
    return 0;
}
