// SPDX-License-Identifier: Apache-2.0
// States as the standard knows them (open, closed) and as people read them.
#include <stdio.h>

#include "gateway/open311.h"
#include "whistle/v1/common.pb-c.h"

#define STATE(name) WHISTLE__V1__WHISTLE_STATE__WHISTLE_STATE_##name

static const struct {
    const char *name, *zh, *en;
    bool closed;
} words[] = {
    [STATE(UNSPECIFIED)] = {"RECEIVED", "已收到", "received", false},
    [STATE(SUBMITTED)] = {"SUBMITTED", "待审核", "waits for review", false},
    [STATE(RETURNED)] = {"RETURNED", "退回补充", "more is asked", false},
    [STATE(SELF)] = {"SELF", "街道自办", "handled by the street", false},
    [STATE(BLOWN)] = {"BLOWN", "已吹哨", "passed on", false},
    [STATE(HELD)] = {"HELD", "核对中", "being compared", false},
    [STATE(MERGED)] = {"MERGED", "已合并办理", "joined to another", false},
    [STATE(DISPATCHED)] = {"DISPATCHED", "已派单", "dispatched", false},
    [STATE(ACTIVE)] = {"ACTIVE", "处置中", "being handled", false},
    [STATE(ON_LEDGER)] = {"ON_LEDGER", "挂账办理", "on the ledger, with a plan", false},
    [STATE(REPORTED)] = {"REPORTED", "待确认", "waits for confirmation", false},
    [STATE(RESOLVED)] = {"RESOLVED", "已解决", "resolved", true},
    [STATE(CLOSED)] = {"CLOSED", "已归档", "closed", true},
    [STATE(CANCELLED)] = {"CANCELLED", "已撤销", "cancelled", true},
    [STATE(RULED_CLOSED)] = {"RULED_CLOSED", "终结办理", "closed by ruling", true},
};

static size_t index_of(int state)
{
    return state > 0 && (size_t)state < sizeof words / sizeof *words ? (size_t)state : 0;
}

const char *open311_status(int state)
{
    return words[index_of(state)].closed ? "closed" : "open";
}

void open311_notes(int state, bool joined, bool english, char ret_text[96])
{
    size_t i = index_of(state);
    const char *also = english ? "joined to another report; " : "已合并办理,";
    (void)snprintf(ret_text, 96, "%s%s (%s)", joined ? also : "",
                   english ? words[i].en : words[i].zh, words[i].name);
}
