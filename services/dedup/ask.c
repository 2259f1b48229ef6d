// SPDX-License-Identifier: Apache-2.0
// Rules for joins and splits by a person, each by its name (base/rules.def).
#include "dedup/ask.h"

#include "dedup/decide.h"
#include "dedup/fold.h"

#define HOW(name) WHISTLE__V1__JOIN_AS__JOIN_AS_##name

static enum ask_result refuse(struct ask_fault *fault, enum wh_rule rule, const char *field,
                              int64_t detail)
{
    *fault = (struct ask_fault){.rule = rule, .field = field, .detail = detail};
    return ASK_REFUSED;
}

// The raising side, its street, the district.
static bool may(const struct standing *standing, const struct asker *who)
{
    return who->district ||
           (who->party != 0 && (who->party == standing->unit || who->party == standing->street));
}

// Is this whistle there, and may this one speak of it?
static const struct standing *spoken_of(const struct matters *matters, const struct asker *who,
                                        int64_t number, struct ask_fault *fault)
{
    const struct standing *mine = matters_get(matters, number);
    if (mine == NULL || mine->stage == STAGE_NONE) {
        (void)refuse(fault, WH_RULE_NOT_FOUND, "number", 0);
        return NULL;
    }
    if (!may(mine, who)) {
        (void)refuse(fault, WH_RULE_DEDUP_WHO, "number", 0);
        return NULL;
    }
    return mine;
}

static enum ask_result check_resolved(const struct ask_join *ask, const struct standing *mine,
                                      const struct standing *root, int64_t *ret_other,
                                      struct ask_fault *fault)
{
    unsigned offer = decide_offer(root, ask->now);
    bool again = ask->how == HOW(REOPEN) || ask->how == HOW(RECURRING);
    if (!again)
        return root->resolved_at != 0 ? refuse(fault, WH_RULE_DEDUP_RESOLVED, "how", root->id)
                                      : refuse(fault, WH_RULE_DEDUP_ENDED, "into", root->id);
    if (root->resolved_at == 0 || (ask->how == HOW(REOPEN) && !(offer & OFFER_REOPEN)))
        return refuse(fault, WH_RULE_DEDUP_ENDED, "into", root->id);
    *ret_other = root->id;
    if (ask->how == HOW(REOPEN))
        return ASK_JOIN;
    return mine->flags & REPORT_RECURS ? ASK_DONE : ASK_RECURS;
}

static enum ask_result check_pair(const struct matters *matters, const struct ask_join *ask,
                                  const struct standing *mine, const struct standing *root,
                                  struct ask_fault *fault)
{
    if (root->id == mine->id)
        return refuse(fault, WH_RULE_DEDUP_CYCLE, "into", 0);
    if (fold_has_ended(mine))
        return refuse(fault, WH_RULE_DEDUP_ENDED, "number", mine->id);
    if ((mine->flags ^ root->flags) & REPORT_DRILL)
        return refuse(fault, WH_RULE_DEDUP_DRILL, "into", 0);
    if (matters_are_apart(matters, mine->id, root->id) && !ask->has_reason &&
        ask->how != HOW(RECURRING))
        return refuse(fault, WH_RULE_DEDUP_APART, "reason", 0);
    return ASK_JOIN;
}

enum ask_result ask_join(const struct matters *matters, const struct asker *who,
                         const struct ask_join *ask, int64_t *ret_other,
                         struct ask_fault *ret_fault)
{
    const struct standing *mine = spoken_of(matters, who, ask->number, ret_fault);
    if (mine == NULL)
        return ASK_REFUSED;
    int64_t root_id = matters_root(matters, ask->into);
    const struct standing *root = matters_get(matters, root_id);
    if (root == NULL || root->stage == STAGE_NONE)
        return refuse(ret_fault, WH_RULE_NOT_FOUND, "into", 0);
    int64_t own = matters_root(matters, ask->number);
    if (own != mine->id && own == root_id)
        return ASK_DONE;
    if (own != mine->id)
        return refuse(ret_fault, WH_RULE_DEDUP_JOINED, "number", own);
    enum ask_result result = check_pair(matters, ask, mine, root, ret_fault);
    if (result == ASK_REFUSED)
        return result;
    if (fold_has_ended(root))
        return check_resolved(ask, mine, root, ret_other, ret_fault);
    if (ask->how == HOW(REOPEN) || ask->how == HOW(RECURRING))
        return refuse(ret_fault, WH_RULE_DEDUP_NOT_RESOLVED, "how", root->id);
    *ret_other = root->id;
    return ASK_JOIN;
}

enum ask_result ask_split(const struct matters *matters, const struct asker *who, int64_t number,
                          int64_t *ret_other, struct ask_fault *ret_fault)
{
    const struct standing *mine = spoken_of(matters, who, number, ret_fault);
    if (mine == NULL)
        return ASK_REFUSED;
    *ret_other = matters_root(matters, number);
    if (*ret_other != number)
        return ASK_SPLIT;
    *ret_other = 0;
    if (mine->stage == STAGE_HELD || mine->flags & REPORT_DOUBT)
        return ASK_CLEAR;
    if (matters_apart_of(matters, number, NULL, 0) > 0)
        return ASK_DONE;
    return refuse(ret_fault, WH_RULE_DEDUP_NOT_JOINED, "number", 0);
}

bool ask_stands(const struct matters *matters, int64_t number, int64_t seq)
{
    return seq != 0 && matters_parent(matters, number) != 0 &&
           matters_joined_seq(matters, number) == seq;
}
