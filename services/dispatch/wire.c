// SPDX-License-Identifier: Apache-2.0
// The table of dispatch's commands: for every field what it may hold. A walk over the table checks
// a message; whatever a single row cannot say (one needs the other) stands in `together`. Texts are
// counted in characters, not bytes.
#include "dispatch/wire.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "whistle/v1/dispatch.pb-c.h"

#define CODE_MAX WH_DEPARTMENT_MAX
#define NOTICE_ID_MAX 200
#define CURSOR_MAX 64

enum kind { TEXT, CODE, NUMBER, TASK, CODES, TASKS, TEXTS, SET, TIME, COUNT, PLACE, PRESENT };

// SET: an enum or number that must not be 0. COUNT: 0 to max. Of lists max bounds the entries.
struct field {
    uint32_t what;
    enum kind kind;
    bool required;
    int max;
    const char *name;
    size_t offset, n_offset;
};

#define AT(type, member) offsetof(Whistle__V1__##type, member)
#define ONE(what, kind, need, max, type, member)                                                  \
    {                                                                                             \
        WHISTLE__V1__DISPATCH_COMMAND__WHAT_##what, kind, need, max, #member, AT(type, member), 0 \
    }
#define MANY(what, kind, need, max, type, member)                                               \
    {                                                                                           \
        WHISTLE__V1__DISPATCH_COMMAND__WHAT_##what, kind, need, max, #member, AT(type, member), \
            AT(type, n_##member)                                                                \
    }

static const struct field fields[] = {
    MANY(SIGN, TASKS, true, WIRE_TASKS_MAX, SignTasks, tasks),
    ONE(CHECK_IN, TASK, true, 0, CheckIn, task),
    ONE(CHECK_IN, PLACE, false, 0, CheckIn, place),
    ONE(CHECK_IN, TEXT, false, 500, CheckIn, note),
    ONE(REPORT, TASK, true, 0, ReportTask, task),
    ONE(REPORT, SET, true, 0, ReportTask, outcome),
    ONE(REPORT, TEXT, false, 5000, ReportTask, text),
    MANY(REPORT, TEXTS, false, 10, ReportTask, attachments),
    ONE(REFUSE, TASK, true, 0, RefuseTask, task),
    ONE(REFUSE, SET, true, 0, RefuseTask, reason),
    ONE(REFUSE, TEXT, true, 500, RefuseTask, basis),
    ONE(REFUSE, CODE, true, 0, RefuseTask, alternative),
    ONE(REFUSE, TEXT, false, 5000, RefuseTask, text),
    ONE(RULE, TASK, true, 0, RuleTask, task),
    ONE(RULE, SET, true, 0, RuleTask, verdict),
    ONE(RULE, CODE, false, 0, RuleTask, department),
    ONE(RULE, TEXT, true, 500, RuleTask, basis),
    ONE(EXTEND, TASK, true, 0, AskExtension, task),
    ONE(EXTEND, TIME, true, 0, AskExtension, until_at),
    ONE(EXTEND, TEXT, true, 500, AskExtension, reason),
    ONE(DECIDE_EXTENSION, TASK, true, 0, DecideExtension, task),
    ONE(DECIDE_EXTENSION, SET, true, 0, DecideExtension, decision),
    ONE(DECIDE_EXTENSION, TEXT, false, 500, DecideExtension, reason),
    ONE(LEDGER, TASK, true, 0, AskLedger, task),
    ONE(LEDGER, TEXT, true, 5000, AskLedger, plan),
    ONE(LEDGER, TIME, true, 0, AskLedger, until_at),
    ONE(DECIDE_LEDGER, TASK, true, 0, DecideLedger, task),
    ONE(DECIDE_LEDGER, SET, true, 0, DecideLedger, decision),
    ONE(DECIDE_LEDGER, TEXT, false, 500, DecideLedger, reason),
    ONE(CONFIRM, NUMBER, true, 0, ConfirmWhistle, number),
    ONE(CONFIRM, SET, true, 0, ConfirmWhistle, verdict),
    MANY(CONFIRM, TASKS, false, WIRE_TASKS_MAX, ConfirmWhistle, tasks),
    ONE(CONFIRM, TEXT, false, 5000, ConfirmWhistle, text),
    ONE(RATE, TASK, true, 0, RateTask, task),
    ONE(RATE, SET, true, 0, RateTask, rating),
    ONE(RATE, TEXT, false, 5000, RateTask, text),
    ONE(REPLY_RATING, TASK, true, 0, ReplyRating, task),
    ONE(REPLY_RATING, TEXT, true, 500, ReplyRating, text),
    ONE(OPINION, NUMBER, true, 0, GiveOpinion, number),
    ONE(OPINION, SET, true, 0, GiveOpinion, rating),
    ONE(OPINION, TEXT, false, 5000, GiveOpinion, text),
    ONE(REOPEN, NUMBER, true, 0, ReopenWhistle, number),
    ONE(REOPEN, TEXT, true, 500, ReopenWhistle, reason),
    ONE(WITHDRAW, NUMBER, true, 0, WithdrawWhistle, number),
    ONE(WITHDRAW, TEXT, true, 500, WithdrawWhistle, reason),
    ONE(ADD, NUMBER, true, 0, AddDepartments, number),
    MANY(ADD, CODES, true, 16, AddDepartments, departments),
    ONE(ADD, TEXT, true, 500, AddDepartments, reason),
    ONE(DELEGATE, TASK, true, 0, DelegateTask, task),
    ONE(DELEGATE, CODE, true, 0, DelegateTask, officer),
    ONE(DELEGATE, TEXT, false, 500, DelegateTask, note),
    ONE(RULE_CLOSE, NUMBER, true, 0, RuleClose, number),
    ONE(RULE_CLOSE, TEXT, true, 500, RuleClose, reason),
    ONE(NOTICE_SENT, TEXT, true, NOTICE_ID_MAX, NoticeOutcome, id),
    ONE(NOTICE_SENT, TEXT, false, 500, NoticeOutcome, why),
    ONE(NOTICE_FAILED, TEXT, true, NOTICE_ID_MAX, NoticeOutcome, id),
    ONE(NOTICE_FAILED, TEXT, true, 500, NoticeOutcome, why),

    ONE(SHOW, NUMBER, true, 0, ShowWhistle, number),
    ONE(LIST, CODE, false, 0, ListWhistles, unit),
    ONE(LIST, CODE, false, 0, ListWhistles, category),
    ONE(LIST, TEXT, false, CURSOR_MAX, ListWhistles, cursor),
    ONE(LIST, COUNT, false, WIRE_PAGE_MAX, ListWhistles, limit),
    ONE(TASKS, CODE, false, 0, ListTasks, department),
    ONE(TASKS, NUMBER, false, 0, ListTasks, number),
    ONE(TASKS, TEXT, false, CURSOR_MAX, ListTasks, cursor),
    ONE(TASKS, COUNT, false, WIRE_PAGE_MAX, ListTasks, limit),
    ONE(HISTORY, NUMBER, true, 0, ShowHistory, number),
    ONE(HISTORY, TEXT, false, CURSOR_MAX, ShowHistory, cursor),
    ONE(HISTORY, COUNT, false, WIRE_PAGE_MAX, ShowHistory, limit),
    ONE(EXPLAIN, CODE, true, 0, ExplainRoute, category),
    ONE(EXPLAIN, CODE, true, 0, ExplainRoute, unit),
    MANY(EXPLAIN, TEXTS, false, 20, ExplainRoute, tags),
    ONE(NOTICES, NUMBER, true, 0, ListNotices, number),
    ONE(NOTICES, TEXT, false, CURSOR_MAX, ListNotices, cursor),
    ONE(NOTICES, COUNT, false, WIRE_PAGE_MAX, ListNotices, limit),
    ONE(SHEET, CODE, true, 0, ShowSheet, unit),
    ONE(SHEET, TEXT, false, CURSOR_MAX, ShowSheet, cursor),
    ONE(SHEET, COUNT, false, WIRE_PAGE_MAX, ShowSheet, limit),
    ONE(DEAD_LETTERS, TEXT, false, CURSOR_MAX, ListDeadLetters, cursor),
    ONE(DEAD_LETTERS, COUNT, false, WIRE_PAGE_MAX, ListDeadLetters, limit),
    ONE(RETRY_DEAD_LETTER, TIME, true, 0, RetryDeadLetter, id),
    ONE(SIMULATE, PRESENT, true, 0, Simulate, district),
    ONE(SIMULATE, TIME, true, 0, Simulate, from_at),
    ONE(SIMULATE, TIME, true, 0, Simulate, to_at),
    ONE(SIMULATE, COUNT, false, 1000, Simulate, lines),
};

static int fault(struct wire_fault *ret, enum wh_rule rule, const char *field)
{
    ret->rule = rule;
    snprintf(ret->field, sizeof ret->field, "%s", field);
    return WH_E_INVALID;
}

static bool blank(const char *text)
{
    return wh_str_trim(wh_str(text)).n == 0;
}

static enum wh_rule check_text(const char *text, bool required, size_t max)
{
    enum wh_rule rule = WH_RULE_NONE;
    if (required && blank(text)) {
        return WH_RULE_FIELD_MISSING;
    }
    wh_text_check(text, strlen(text), max, &rule);
    return rule;
}

static enum wh_rule check_code(const char *text, bool required)
{
    enum wh_rule rule = WH_RULE_NONE;
    if (text[0] == '\0') {
        return required ? WH_RULE_FIELD_MISSING : WH_RULE_NONE;
    }
    wh_ident_check(text, strlen(text), CODE_MAX, &rule);
    return rule;
}

static enum wh_rule check_id(const char *text, bool required, bool task)
{
    struct wire_target target;
    if (text[0] == '\0') {
        return required ? WH_RULE_FIELD_MISSING : WH_RULE_NONE;
    }
    if (wire_parse(text, &target) != 0 || (target.department[0] != '\0') != task) {
        return WH_RULE_FIELD_FORMAT;
    }
    return WH_RULE_NONE;
}

static enum wh_rule check_entry(enum kind kind, const char *text)
{
    switch (kind) {
    case CODES:
        return check_code(text, true);
    case TASKS:
        return check_id(text, true, true);
    default:
        return check_text(text, true, 500);
    }
}

static int check_list(const struct field *field, const uint8_t *base, struct wire_fault *ret_fault)
{
    size_t n;
    char *const *entries;
    memcpy(&n, base + field->n_offset, sizeof n);
    memcpy(&entries, base + field->offset, sizeof entries);
    if (n == 0 && field->required) {
        return fault(ret_fault, WH_RULE_FIELD_MISSING, field->name);
    }
    if (n > (size_t)field->max) {
        return fault(ret_fault, WH_RULE_FIELD_COUNT, field->name);
    }
    for (size_t i = 0; i < n; i++) {
        enum wh_rule rule = check_entry(field->kind, entries[i]);
        if (rule != WH_RULE_NONE) {
            char name[64];
            snprintf(name, sizeof name, "%s[%zu]", field->name, i);
            return fault(ret_fault, rule, name);
        }
    }
    return 0;
}

static int check_place(const Whistle__V1__Place *place, struct wire_fault *ret_fault)
{
    bool lat = place->lat_is_case == WHISTLE__V1__PLACE__LAT_IS_LAT;
    bool lon = place->lon_is_case == WHISTLE__V1__PLACE__LON_IS_LON;
    if (lat != lon) {
        return fault(ret_fault, WH_RULE_FIELD_MISSING, lat ? "place.lon" : "place.lat");
    }
    if (lat && !(place->lat >= -90 && place->lat <= 90)) {
        return fault(ret_fault, WH_RULE_FIELD_RANGE, "place.lat");
    }
    if (lon && !(place->lon >= -180 && place->lon <= 180)) {
        return fault(ret_fault, WH_RULE_FIELD_RANGE, "place.lon");
    }
    enum wh_rule rule = check_code(place->unit, false);
    if (rule != WH_RULE_NONE) {
        return fault(ret_fault, rule, "place.unit");
    }
    rule = check_code(place->grid, false);
    if (rule != WH_RULE_NONE) {
        return fault(ret_fault, rule, "place.grid");
    }
    rule = check_text(place->address, false, 200);
    return rule == WH_RULE_NONE ? 0 : fault(ret_fault, rule, "place.address");
}

static enum wh_rule check_number(const struct field *field, const uint8_t *base)
{
    int32_t small = 0;
    int64_t time = 0;
    switch (field->kind) {
    case SET:
        memcpy(&small, base + field->offset, sizeof small);
        return small == 0 ? WH_RULE_FIELD_MISSING : WH_RULE_NONE;
    case COUNT:
        memcpy(&small, base + field->offset, sizeof small);
        return small < 0 || small > field->max ? WH_RULE_FIELD_RANGE : WH_RULE_NONE;
    default:
        memcpy(&time, base + field->offset, sizeof time);
        if (time == 0 && field->required) {
            return WH_RULE_FIELD_MISSING;
        }
        return time < 0 || time > WH_TIME_MAX ? WH_RULE_FIELD_RANGE : WH_RULE_NONE;
    }
}

static int check_field(const struct field *field, const uint8_t *base, struct wire_fault *ret_fault)
{
    const void *pointer;
    enum wh_rule rule;
    switch (field->kind) {
    case CODES:
    case TASKS:
    case TEXTS:
        return check_list(field, base, ret_fault);
    case SET:
    case COUNT:
    case TIME:
        rule = check_number(field, base);
        return rule == WH_RULE_NONE ? 0 : fault(ret_fault, rule, field->name);
    default:
        break;
    }
    memcpy(&pointer, base + field->offset, sizeof pointer);
    if (pointer == NULL) {
        return field->required ? fault(ret_fault, WH_RULE_FIELD_MISSING, field->name) : 0;
    }
    if (field->kind == PLACE) {
        return check_place(pointer, ret_fault);
    }
    if (field->kind == PRESENT) {
        return 0;
    }
    rule = field->kind == TEXT   ? check_text(pointer, field->required, (size_t)field->max)
           : field->kind == CODE ? check_code(pointer, field->required)
                                 : check_id(pointer, field->required, field->kind == TASK);
    return rule == WH_RULE_NONE ? 0 : fault(ret_fault, rule, field->name);
}

static bool repeated(const Whistle__V1__SignTasks *sign, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(sign->tasks[k], sign->tasks[i]) == 0) {
            return true;
        }
    }
    return false;
}

// Two tasks signed together are of one department; tasks sent back are of the confirmed whistle.
static int together_tasks(const struct wh_item *item, struct wire_fault *ret_fault)
{
    struct wire_target first, other;
    if (item->what == WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIGN) {
        const Whistle__V1__SignTasks *sign = (const void *)item->message;
        wire_parse(sign->tasks[0], &first);
        for (size_t i = 1; i < sign->n_tasks; i++) {
            wire_parse(sign->tasks[i], &other);
            if (strcmp(first.department, other.department) != 0 || repeated(sign, i)) {
                return fault(ret_fault, WH_RULE_FIELD_FORMAT, "tasks");
            }
        }
        return 0;
    }
    const Whistle__V1__ConfirmWhistle *confirm = (const void *)item->message;
    wire_parse(confirm->number, &first);
    for (size_t i = 0; i < confirm->n_tasks; i++) {
        wire_parse(confirm->tasks[i], &other);
        if (other.whistle != first.whistle || strcmp(other.prefix, first.prefix) != 0) {
            return fault(ret_fault, WH_RULE_FIELD_FORMAT, "tasks");
        }
    }
    return 0;
}

static int need_text(bool needed, const char *text, const char *name, struct wire_fault *ret_fault)
{
    return needed && blank(text) ? fault(ret_fault, WH_RULE_FIELD_MISSING, name) : 0;
}

static int together(const struct wh_item *item, struct wire_fault *ret_fault)
{
    const void *message = item->message;
    switch (item->what) {
    case WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIGN:
    case WHISTLE__V1__DISPATCH_COMMAND__WHAT_CONFIRM:
        return together_tasks(item, ret_fault);
    case WHISTLE__V1__DISPATCH_COMMAND__WHAT_DECIDE_EXTENSION: {
        const Whistle__V1__DecideExtension *decide = message;
        return need_text(decide->decision == WHISTLE__V1__DECISION__DECISION_DENIED, decide->reason,
                         "reason", ret_fault);
    }
    case WHISTLE__V1__DISPATCH_COMMAND__WHAT_DECIDE_LEDGER: {
        const Whistle__V1__DecideLedger *decide = message;
        return need_text(decide->decision == WHISTLE__V1__DECISION__DECISION_DENIED, decide->reason,
                         "reason", ret_fault);
    }
    case WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIMULATE: {
        const Whistle__V1__Simulate *simulate = message;
        return simulate->from_at < simulate->to_at ? 0
                                                   : fault(ret_fault, WH_RULE_FIELD_RANGE, "to_at");
    }
    default:
        return 0;
    }
}

int wire_check(const struct wh_item *item, struct wire_fault *ret_fault)
{
    const uint8_t *base = (const uint8_t *)item->message;
    enum wh_rule rule = check_code(item->actor.officer, false);
    if (rule != WH_RULE_NONE) {
        return fault(ret_fault, rule, "officer");
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].what == item->what && check_field(&fields[i], base, ret_fault) != 0) {
            return WH_E_INVALID;
        }
    }
    return together(item, ret_fault);
}

// The first field of a command that names a whistle or a task.
bool wire_target(const struct wh_item *item, size_t i, struct wire_target *ret_target)
{
    const uint8_t *base = (const uint8_t *)item->message;
    const char *id;
    if (item->what == WHISTLE__V1__DISPATCH_COMMAND__WHAT_SIGN) {
        const Whistle__V1__SignTasks *sign = (const void *)item->message;
        return i < sign->n_tasks && wire_parse(sign->tasks[i], ret_target) == 0;
    }
    for (size_t f = 0; i == 0 && f < sizeof fields / sizeof fields[0]; f++) {
        if (fields[f].what == item->what && (fields[f].kind == TASK || fields[f].kind == NUMBER)) {
            memcpy(&id, base + fields[f].offset, sizeof id);
            return wire_parse(id, ret_target) == 0;
        }
    }
    return false;
}
