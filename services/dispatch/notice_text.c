// SPDX-License-Identifier: Apache-2.0
// The words of notices, Chinese and English: whose whistle, how urgent, until when, how to answer.
// "【安澜吹哨】AL-20261123-0004 染坊街下穿桥积水 特急 08:55前到场". No personal data: titles come
// masked.
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"
#include "dispatch/notice_internal.h"
#include "dispatch/words.h"

void words_add(struct words *w, const char *text)
{
    if (text == NULL)
        return;
    size_t n = strlen(text), room = sizeof w->text - 1 - w->n;
    if (n > room)
        n = wh_utf8_cut(text, n, room);
    memcpy(w->text + w->n, text, n);
    w->n += n;
    w->text[w->n] = '\0';
}

static void two_digits(struct words *w, int32_t value, const char *after)
{
    char text[3] = {(char)('0' + value / 10 % 10), (char)('0' + value % 10), '\0'};
    words_add(w, text);
    words_add(w, after);
}

void words_time(struct words *w, const struct wh_district *district, int64_t now, int64_t at)
{
    const struct wh_zone *zone = &wh_district_calendar(district)->zone;
    int32_t day = wh_local_date(zone, at), minute = wh_local_minute(zone, at);
    if (day != wh_local_date(zone, now)) {
        two_digits(w, day / 100 % 100, "-");
        two_digits(w, day % 100, " ");
    }
    two_digits(w, minute / 60, ":");
    two_digits(w, minute % 60, "");
}

const char *priority_words(uint8_t priority, bool zh)
{
    static const char *const words[][2] = {
        {"", ""}, {"P1", "特急"}, {"P2", "紧急"}, {"P3", "一般"}, {"P4", "疑难"}};
    return words[priority <= PRIORITY(P4) ? priority : 0][zh];
}

// The district's name without its kind: 安澜区 → 安澜, Anlan District → Anlan.
static void add_short(struct words *w, const char *name, const char *const *kinds)
{
    size_t n = strlen(name);
    char text[96];
    for (; *kinds != NULL; kinds++) {
        size_t k = strlen(*kinds);
        if (n > k && strcmp(name + n - k, *kinds) == 0) {
            n -= k;
            break;
        }
    }
    n = wh_utf8_cut(name, n, sizeof text - 1);
    memcpy(text, name, n);
    text[n] = '\0';
    words_add(w, text);
}

void notice_head(const struct wh_district *district, bool zh, struct words *ret)
{
    static const char *const kinds_zh[] = {"区", "县", "市", NULL};
    static const char *const kinds_en[] = {" District", " County", " City", NULL};
    const struct wh_unit *root = wh_district_root(district);
    const char *name = root == NULL                     ? ""
                       : zh || root->row->en[0] == '\0' ? root->row->zh
                                                        : root->row->en;
    words_add(ret, zh ? "【" : "[");
    add_short(ret, name, zh ? kinds_zh : kinds_en);
    words_add(ret, zh ? "吹哨】" : " Whistle] ");
}

static const char *name_of(const struct pen *p, int32_t party, bool zh)
{
    const struct wh_party *who = wh_district_party_by_id(p->c->district, party);
    if (who == NULL)
        return "";
    return zh || who->en == NULL || who->en[0] == '\0' ? who->zh : who->en;
}

// {verb of the clock, what is not done}, English then Chinese.
static const char *const clock_words[CLOCKS][2] = {
    [CLOCK_SIGN] = {"sign", "签收"},     [CLOCK_CHECKIN] = {"check in", "报到"},
    [CLOCK_REPORT] = {"report", "反馈"}, [CLOCK_RESOLVE] = {"resolve", "办结"},
    [CLOCK_RULING] = {"rule", "审定"},   [CLOCK_LEDGER] = {"review the ledger", "复核挂账"},
};

// "08:55前到场" or "be on the scene by 08:55".
static void add_by(const struct pen *p, struct words *w, bool zh, const char *what, int64_t due)
{
    if (due == 0) {
        words_add(w, what);
        return;
    }
    if (!zh) {
        words_add(w, what);
        words_add(w, " by ");
    }
    words_time(w, p->c->district, p->c->now, due);
    if (zh) {
        words_add(w, "前");
        words_add(w, what);
    }
}

static const char *arrive_words(const struct pen *p, bool zh)
{
    if (p->w->priority <= PRIORITY(P2))
        return zh ? "到场" : "be on the scene";
    return zh ? "报到" : "check in";
}

static void add_remind(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    char percent[32];
    (void)snprintf(percent, sizeof percent, zh ? "(时限已过%d%%)" : " (%d%% of the time is gone)",
                   m->percent);
    words_add(w, zh ? "催办:" : "reminder: ");
    add_by(p, w, zh, clock_words[m->clock][zh], m->due);
    words_add(w, percent);
}

static void add_escalated(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    char level[8];
    (void)snprintf(level, sizeof level, "L%d", m->level);
    if (zh) {
        words_add(w, name_of(p, m->department, zh));
        words_add(w, "未按时");
        words_add(w, clock_words[m->clock][1]);
        words_add(w, "(时限");
        words_time(w, p->c->district, p->c->now, m->due);
        words_add(w, m->level == 4 ? "),列入督办 " : "),已升级 ");
    } else {
        words_add(w, name_of(p, m->department, zh));
        words_add(w, " did not ");
        words_add(w, clock_words[m->clock][0]);
        words_add(w, " by ");
        words_time(w, p->c->district, p->c->now, m->due);
        words_add(w, m->level == 4 ? "; on the supervision list, " : "; escalated, ");
    }
    words_add(w, level);
}

static void add_named(const struct pen *p, struct words *w, bool zh, int32_t party, const char *en,
                      const char *text_zh)
{
    words_add(w, name_of(p, party, zh));
    words_add(w, zh ? text_zh : en);
}

// choice: 1 stays with the refuser, 2 reassigned to `other`, 3 nobody ruled in time.
static void add_ruled(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    if (m->choice == 1) {
        words_add(w, zh ? "审定结果:仍由你单位办理" : "ruling: the task stays with you");
    } else if (m->choice == 2) {
        words_add(w, zh ? "审定结果:你单位任务撤销,改由" : "ruling: no longer yours, now with ");
        add_named(p, w, zh, m->other, "", "办理");
    } else {
        words_add(w, zh ? "逾时未审定,仍由" : "no ruling in time, the task stays with ");
        add_named(p, w, zh, m->department, "", "办理");
    }
}

static void add_asked(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    bool ledger = m->choice & 1, approved = m->choice & 2;
    if (m->choice == 4) {
        words_add(w, zh ? "有人提议终结,请另一人审定"
                        : "somebody proposes to close it: a second person decides");
        return;
    }
    if (m->kind == NOTICE_APPROVE) {
        add_named(p, w, zh, m->department,
                  ledger ? " asks for the ledger: please decide"
                         : " asks for an extension: please decide",
                  ledger ? "申请挂账,请审批" : "申请延期,请审批");
        return;
    }
    words_add(w, zh ? (ledger ? "挂账申请" : "延期申请") : (ledger ? "ledger " : "extension "));
    words_add(w, zh ? (approved ? "已同意" : "未同意") : (approved ? "approved" : "denied"));
    if (approved && m->due != 0) {
        words_add(w, zh ? "," : ", ");
        add_by(p, w, zh, clock_words[CLOCK_RESOLVE][zh], m->due);
    }
}

// Kinds whose words are one sentence and perhaps a time.
static void add_plain(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    static const struct {
        const char *zh, *en;             // the sentence
        const char *until_zh, *until_en; // what is due, NULL: no time
    } plain[NOTICE_KINDS] = {
        [NOTICE_REWORK] = {"结果未获认可,请重办,", "not solved, please rework, ", "办结",
                           "resolve"},
        [NOTICE_REOPENED] = {"已重办,", "reopened, ", "反馈", "report"},
        [NOTICE_CONFIRM] = {"部门均已反馈,", "all departments have reported, ", "确认", "confirm"},
        [NOTICE_REVIEW] = {"待审,", "waits for review, ", "审核", "review"},
        [NOTICE_HELD] = {"疑似与另一件重复,逾时自动派单,请",
                         "perhaps the same as another, else it goes out: ", "判断",
                         "please decide"},
        [NOTICE_MORE] = {"情况有补充,请查看", "more was added, please look", NULL, NULL},
        [NOTICE_LEDGER] = {"挂账月度复核,请核对进展",
                           "monthly look at the ledger: please check progress", NULL, NULL},
        [NOTICE_WITHDRAWN] = {"已撤哨,无须办理", "withdrawn, nothing more to do", NULL, NULL},
    };
    if (m->kind == NOTICE_WITHDRAWN && m->choice == 1) {
        words_add(w, zh ? "已终结,无须办理" : "ruled closed, nothing more to do");
        return;
    }
    words_add(w, zh ? plain[m->kind].zh : plain[m->kind].en);
    if (m->kind == NOTICE_REWORK && m->choice == 1)
        words_add(w, zh ? "已列入督办," : "under supervision, ");
    if (plain[m->kind].until_zh != NULL)
        add_by(p, w, zh, zh ? plain[m->kind].until_zh : plain[m->kind].until_en, m->due);
    if (m->kind == NOTICE_CONFIRM && m->level >= 3)
        words_add(w, zh ? "(街道逾期未确认)" : " (the street is late)");
}

// choice of JOINED: 1 the task is cancelled; else it goes on.
static void add_joined(const struct message *m, bool zh, struct words *w)
{
    if (m->kind == NOTICE_PARTED) {
        words_add(w, zh ? "已从" : "separate again from ");
        words_add(w, m->text);
        words_add(w, zh ? "拆出,恢复办理," : ", your task lives again, ");
        return;
    }
    words_add(w, zh ? "与" : "the same matter as ");
    words_add(w, m->text);
    if (m->choice == 1)
        words_add(w,
                  zh ? "是同一事项,已并入,本任务撤销" : ": joined to it, this task is cancelled");
    else
        words_add(w, zh ? "是同一事项,已并入,请继续配合办理"
                        : ": joined to it, please go on in support");
}

static void add_support(const struct message *m, bool zh, struct words *w)
{
    char text[96];
    (void)snprintf(text, sizeof text,
                   zh ? "又有%d件反映同一事项,已并入,请查看"
                      : "%d more reports of the same matter were joined, please look",
                   m->choice);
    words_add(w, text);
}

static void add_danger(const struct message *m, bool zh, struct words *w)
{
    words_add(w, zh ? "同一事项的新反映提到:" : "a new report of the same matter says: ");
    words_add(w, m->text);
    words_add(w, zh ? ",请立即核实" : "; please look at once");
}

static void add_body(const struct pen *p, const struct message *m, bool zh, struct words *w)
{
    switch (m->kind) {
    case NOTICE_PRIORITY:
        words_add(w, zh ? "级别已调整," : "priority changed, ");
        add_by(p, w, zh, arrive_words(p, zh), m->due);
        return;
    case NOTICE_CALL:
        add_by(p, w, zh, arrive_words(p, zh), m->due);
        return;
    case NOTICE_REMIND:
        add_remind(p, m, zh, w);
        return;
    case NOTICE_ESCALATE:
        add_escalated(p, m, zh, w);
        return;
    case NOTICE_RULE:
        add_named(p, w, zh, m->department, " refuses the task, ", "提出不属于本单位,");
        add_by(p, w, zh, zh ? "审定" : "rule", m->due);
        return;
    case NOTICE_RULED:
        add_ruled(p, m, zh, w);
        return;
    case NOTICE_APPROVE:
    case NOTICE_APPROVED:
        add_asked(p, m, zh, w);
        return;
    case NOTICE_PARTED:
        add_joined(m, zh, w);
        add_by(p, w, zh, clock_words[CLOCK_RESOLVE][zh], m->due);
        return;
    case NOTICE_JOINED:
        add_joined(m, zh, w);
        return;
    case NOTICE_SUPPORT:
        add_support(m, zh, w);
        return;
    case NOTICE_DANGER:
        add_danger(m, zh, w);
        return;
    case NOTICE_BUNDLE:
    case NOTICE_KINDS:
        return;
    default:
        add_plain(p, m, zh, w);
        return;
    }
}

void notice_words(const struct pen *p, const struct message *m, bool zh, struct words *ret)
{
    ret->n = 0;
    notice_head(p->c->district, zh, ret);
    if (p->w->flags & WHISTLE_DRILL)
        words_add(ret, zh ? "【演练】" : "[Drill] ");
    words_add(ret, p->number);
    words_add(ret, " ");
    words_add(ret, p->w->title);
    words_add(ret, " ");
    words_add(ret, priority_words(m->priority != 0 ? m->priority : p->w->priority, zh));
    words_add(ret, " ");
    add_body(p, m, zh, ret);
}

// ---- how to answer ------------------------------------------------------------------------------
static const char *answer_verb(const struct message *m)
{
    static const char *const by_clock[CLOCKS] = {"sign",   "check-in", "report",
                                                 "report", "rule",     "show"};
    switch (m->kind) {
    case NOTICE_CALL:
        return "sign";
    case NOTICE_REMIND:
    case NOTICE_ESCALATE:
        return by_clock[m->clock];
    case NOTICE_RULE:
        return "rule";
    case NOTICE_REWORK:
    case NOTICE_REOPENED:
        return "report";
    case NOTICE_APPROVE:
        return m->choice == 4 ? "rule-close" : m->choice & 1 ? "ledger" : "extend";
    case NOTICE_CONFIRM:
        return "confirm";
    case NOTICE_REVIEW:
        return "review";
    default:
        return "show";
    }
}

void notice_answer(const struct pen *p, const struct message *m, bool zh, struct words *ret)
{
    const char *verb = answer_verb(m);
    ret->n = 0;
    words_add(ret, zh ? "答复:whistle " : "whistle ");
    words_add(ret, verb);
    words_add(ret, " ");
    words_add(ret, p->number);
    if (m->department != 0 && strcmp(verb, "show") != 0) {
        words_add(ret, "-");
        words_add(ret, pen_code(p, m->department));
    }
}
