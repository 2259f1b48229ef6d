// SPDX-License-Identifier: Apache-2.0
// A command that passed wire_check in the plain form the rules read: codes become parties, texts
// and choices take their places. An unknown code is a fault of its field; an unknown department in
// a task's id means that there is no such task.
#include <string.h>

#include "dispatch/wire.h"
#include "dispatch/words.h"

static int fault(struct wire_fault *ret, enum wh_rule rule, const char *field)
{
    ret->rule = rule;
    strcpy(ret->field, field);
    return WH_E_INVALID;
}

static int party(const struct wh_district *district, const char *code, const char *field,
                 int32_t *ret_party, struct wire_fault *ret_fault)
{
    *ret_party = wh_district_id(district, code);
    return *ret_party == 0 && code[0] != '\0' ? fault(ret_fault, WH_RULE_FIELD_UNKNOWN, field) : 0;
}

// ids: tasks (their departments are meant) or, as_tasks false, codes.
static int parties(const struct wh_district *district, struct wh_arena *arena, char *const *ids,
                   size_t n, bool as_tasks, struct command *c, struct wire_fault *ret_fault)
{
    int32_t *list = wh_arena_calloc(arena, n, sizeof *list);
    struct wire_target target;
    const char *field = as_tasks ? "tasks" : "departments";
    if (list == NULL) {
        return fault(ret_fault, WH_RULE_TOO_LARGE, field);
    }
    for (size_t i = 0; i < n; i++) {
        if (as_tasks) {
            wire_parse(ids[i], &target);
        }
        if (party(district, as_tasks ? target.department : ids[i], field, &list[i], ret_fault) !=
            0) {
            return WH_E_INVALID;
        }
    }
    c->parties = list;
    c->n_parties = n;
    return 0;
}

static int fill_answers(const struct wh_item *item, const struct wh_district *district,
                        struct command *c, struct wire_fault *ret_fault)
{
    const void *m = item->message;
    if (item->what == COMMAND(CHECK_IN)) {
        const Whistle__V1__CheckIn *in = m;
        c->choice = (int32_t)in->method;
        c->place = in->place;
        c->text = in->note;
    } else if (item->what == COMMAND(REPORT)) {
        const Whistle__V1__ReportTask *in = m;
        c->choice = (int32_t)in->outcome;
        c->text = in->text;
        c->attachments = in->attachments;
        c->n_attachments = in->n_attachments;
    } else if (item->what == COMMAND(REFUSE)) {
        const Whistle__V1__RefuseTask *in = m;
        c->choice = (int32_t)in->reason;
        c->reason = in->basis;
        c->text = in->text;
        return party(district, in->alternative, "alternative", &c->party, ret_fault);
    } else if (item->what == COMMAND(RULE)) {
        const Whistle__V1__RuleTask *in = m;
        c->choice = (int32_t)in->verdict;
        c->reason = in->basis;
        return party(district, in->department, "department", &c->party, ret_fault);
    } else if (item->what == COMMAND(DELEGATE)) {
        const Whistle__V1__DelegateTask *in = m;
        c->officer = in->officer;
        c->text = in->note;
    }
    return 0;
}

static void fill_time(const struct wh_item *item, struct command *c)
{
    const void *m = item->message;
    if (item->what == COMMAND(EXTEND)) {
        const Whistle__V1__AskExtension *in = m;
        c->until_at = in->until_at;
        c->reason = in->reason;
    } else if (item->what == COMMAND(DECIDE_EXTENSION)) {
        const Whistle__V1__DecideExtension *in = m;
        c->choice = (int32_t)in->decision;
        c->reason = in->reason;
    } else if (item->what == COMMAND(LEDGER)) {
        const Whistle__V1__AskLedger *in = m;
        c->until_at = in->until_at;
        c->text = in->plan;
    } else if (item->what == COMMAND(DECIDE_LEDGER)) {
        const Whistle__V1__DecideLedger *in = m;
        c->choice = (int32_t)in->decision;
        c->reason = in->reason;
    }
}

static void fill_rating(const struct wh_item *item, struct command *c)
{
    const void *m = item->message;
    if (item->what == COMMAND(RATE)) {
        const Whistle__V1__RateTask *in = m;
        c->choice = (int32_t)in->rating;
        c->text = in->text;
    } else if (item->what == COMMAND(REPLY_RATING)) {
        const Whistle__V1__ReplyRating *in = m;
        c->text = in->text;
    } else if (item->what == COMMAND(OPINION)) {
        const Whistle__V1__GiveOpinion *in = m;
        c->choice = (int32_t)in->rating;
        c->text = in->text;
    }
}

static int fill_whistle(const struct wh_item *item, const struct wh_district *district,
                        struct wh_arena *arena, struct command *c, struct wire_fault *ret_fault)
{
    const void *m = item->message;
    if (item->what == COMMAND(CONFIRM)) {
        const Whistle__V1__ConfirmWhistle *in = m;
        c->choice = (int32_t)in->verdict;
        c->rating = in->rating;
        c->text = in->text;
        return parties(district, arena, in->tasks, in->n_tasks, true, c, ret_fault);
    }
    if (item->what == COMMAND(ADD)) {
        const Whistle__V1__AddDepartments *in = m;
        c->reason = in->reason;
        return parties(district, arena, in->departments, in->n_departments, false, c, ret_fault);
    }
    if (item->what == COMMAND(REOPEN)) {
        c->reason = ((const Whistle__V1__ReopenWhistle *)m)->reason;
    } else if (item->what == COMMAND(WITHDRAW)) {
        c->reason = ((const Whistle__V1__WithdrawWhistle *)m)->reason;
    } else if (item->what == COMMAND(RULE_CLOSE)) {
        c->reason = ((const Whistle__V1__RuleClose *)m)->reason;
    }
    return 0;
}

int wire_command(const struct wh_item *item, const struct wire_target *target,
                 const struct wh_district *district, struct wh_arena *arena,
                 struct command *ret_command, struct wire_fault *ret_fault)
{
    struct command *c = ret_command;
    *c = (struct command){.text = "", .reason = "", .officer = ""};
    c->department = wh_district_id(district, target->department);
    if (c->department == 0 && target->department[0] != '\0') {
        return fault(ret_fault, WH_RULE_NOT_FOUND, "task");
    }
    fill_time(item, c);
    fill_rating(item, c);
    int error = fill_answers(item, district, c, ret_fault);
    return error != 0 ? error : fill_whistle(item, district, arena, c, ret_fault);
}
