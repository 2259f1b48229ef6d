// SPDX-License-Identifier: Apache-2.0
// The two languages. One table of words; a value that is missing in it is shown by its API name, so
// that a newer service never makes an older command line fall silent.
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

#include "whistle/v1/common.pb-c.h"
#include "whistle/v1/dedup.pb-c.h"
#include "whistle/v1/dispatch.pb-c.h"
#include "whistle/v1/intake.pb-c.h"

struct word {
    const char *key;
    const char *zh;
    const char *en;
};

static bool speak_zh;

bool text_zh(void)
{
    return speak_zh;
}

void text_speak(bool zh)
{
    speak_zh = zh;
}

// "C", "POSIX" and "C.UTF-8" say nothing of a language: Chinese comes first.
static bool names_no_language(const char *locale)
{
    return strcmp(locale, "C") == 0 || strncmp(locale, "C.", 2) == 0 ||
           strcmp(locale, "POSIX") == 0;
}

bool text_locale_zh(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strncmp(value, "zh", 2) == 0 || names_no_language(value);
    }
    return true;
}

int text_parse(const char *name, bool *ret_zh)
{
    if (strncmp(name, "zh", 2) == 0)
        *ret_zh = true;
    else if (strncmp(name, "en", 2) == 0)
        *ret_zh = false;
    else
        return -1;
    return 0;
}

// Full enum names, as in the .proto.
static const struct word words[] = {
    {"PRIORITY_P1", "特急 P1", "P1 critical"},
    {"PRIORITY_P2", "紧急 P2", "P2 urgent"},
    {"PRIORITY_P3", "一般 P3", "P3 ordinary"},
    {"PRIORITY_P4", "疑难 P4", "P4 complex"},
    {"WHISTLE_STATE_SUBMITTED", "待审", "waits for review"},
    {"WHISTLE_STATE_RETURNED", "退回补充", "returned"},
    {"WHISTLE_STATE_SELF", "街道自办", "street handles it"},
    {"WHISTLE_STATE_BLOWN", "已吹哨", "blown"},
    {"WHISTLE_STATE_HELD", "疑似重复", "held as duplicate"},
    {"WHISTLE_STATE_MERGED", "已合并", "merged"},
    {"WHISTLE_STATE_DISPATCHED", "已派单", "dispatched"},
    {"WHISTLE_STATE_ACTIVE", "处置中", "being handled"},
    {"WHISTLE_STATE_ON_LEDGER", "挂账", "on the ledger"},
    {"WHISTLE_STATE_REPORTED", "待确认", "waits for confirmation"},
    {"WHISTLE_STATE_RESOLVED", "已解决", "resolved"},
    {"WHISTLE_STATE_CLOSED", "已归档", "closed"},
    {"WHISTLE_STATE_CANCELLED", "已撤哨", "cancelled"},
    {"WHISTLE_STATE_RULED_CLOSED", "终结", "closed by ruling"},
    {"TASK_STATE_PENDING", "待送达", "not yet delivered"},
    {"TASK_STATE_DELIVERED", "已送达", "delivered"},
    {"TASK_STATE_SIGNED", "已签收", "signed"},
    {"TASK_STATE_CHECKED_IN", "已报到", "checked in"},
    {"TASK_STATE_HANDLING", "处置中", "handling"},
    {"TASK_STATE_DISPUTED", "争议", "disputed"},
    {"TASK_STATE_REPORTED", "已反馈", "reported"},
    {"TASK_STATE_REWORK", "重办", "rework"},
    {"TASK_STATE_CONFIRMED", "已确认", "confirmed"},
    {"TASK_STATE_CANCELLED", "已取消", "cancelled"},
    {"PART_LEAD", "牵头", "lead"},
    {"PART_SUPPORT", "协办", "support"},
    {"CLOCK_SIGN", "签收", "sign"},
    {"CLOCK_CHECKIN", "报到", "check in"},
    {"CLOCK_REPORT", "反馈", "report"},
    {"CLOCK_RESOLVE", "办结", "resolve"},
    {"CLOCK_RULING", "审定", "ruling"},
    {"CLOCK_CONFIRM", "确认", "confirm"},
    {"CLOCK_REVIEW", "审核", "review"},
    {"CLOCK_LEDGER", "挂账复核", "ledger review"},
    {"OUTCOME_PROGRESS", "有进展", "progress"},
    {"OUTCOME_SOLVED", "已解决", "solved"},
    {"OUTCOME_PARTLY", "部分解决", "partly solved"},
    {"OUTCOME_NOT_POSSIBLE", "无法办理", "not possible"},
    {"OUTCOME_NOT_OURS", "非本部门职责", "not ours"},
    {"RATING_SATISFIED", "满意", "satisfied"},
    {"RATING_BASICALLY", "基本满意", "basically satisfied"},
    {"RATING_UNSATISFIED", "不满意", "unsatisfied"},
    {"REFUSE_REASON_WRONG_AREA", "属地不符", "wrong area"},
    {"REFUSE_REASON_WRONG_OWNER", "权属不清", "wrong owner"},
    {"REFUSE_REASON_OVERLAP", "职能交叉", "overlapping duties"},
    {"RULE_VERDICT_UPHELD", "支持退单", "refusal upheld"},
    {"RULE_VERDICT_OVERRULED", "驳回退单", "refusal overruled"},
    {"DECISION_APPROVED", "已批准", "approved"},
    {"DECISION_DENIED", "未批准", "denied"},
    {"SOURCE_STREET", "街道", "street"},
    {"SOURCE_COMMUNITY", "社区", "community"},
    {"SOURCE_GRID", "网格", "grid worker"},
    {"SOURCE_DEPARTMENT", "部门", "department"},
    {"SOURCE_HOTLINE", "热线", "hotline"},
    {"SOURCE_WEB", "网页", "web"},
    {"SOURCE_OPEN311", "Open311", "Open311"},
    {"BAND_SAME", "同一件事", "the same"},
    {"BAND_PERHAPS", "可能是同一件事", "perhaps the same"},
    {"BAND_NEW", "新的一件事", "new"},
    {"JOIN_AS_DUPLICATE", "重复反映", "duplicate"},
    {"JOIN_AS_REOPEN", "没有解决,重办", "not solved: reopened"},
    {"JOIN_AS_RECURRING", "又发生了,另立一哨", "it came back: a whistle of its own"},
};

// Kinds of events, as they stand in a whistle's history.
static const struct word events[] = {
    {"WhistleReceived", "收到,等街道审核", "received, waits for the street's review"},
    {"WhistleDispatched", "派单", "dispatched"},
    {"WhistleMoved", "状态变更", "moved"},
    {"TaskSigned", "签收", "signed"},
    {"TaskCheckedIn", "报到", "checked in"},
    {"TaskReported", "反馈", "reported"},
    {"TaskRefused", "退单", "refused"},
    {"TaskRuled", "审定", "ruled"},
    {"ExtensionAsked", "申请延期", "asked for more time"},
    {"ExtensionDecided", "延期审批", "decided on more time"},
    {"LedgerAsked", "申请挂账", "asked for the ledger"},
    {"LedgerDecided", "挂账审批", "decided on the ledger"},
    {"WhistleConfirmed", "街道确认", "the street judged the result"},
    {"TaskRated", "评价", "rated"},
    {"RatingReplied", "部门申辩", "answered the rating"},
    {"OpinionGiven", "社区意见", "the community's opinion"},
    {"WhistleReopened", "重办", "reopened"},
    {"WhistleWithdrawn", "撤哨", "withdrawn"},
    {"DepartmentsAdded", "增派部门", "departments added"},
    {"TaskDelegated", "内部交办", "delegated inside the department"},
    {"WhistlePriorityChanged", "调整等级", "priority changed"},
    {"WhistleExtended", "补充情况", "supplemented"},
    {"TaskEscalated", "升级督促", "escalated"},
    {"NoticesReleased", "发出通知", "notices released"},
    {"NoticeAnswered", "通知回执", "notice answered"},
    {"RuleCloseProposed", "提议终结", "closing by ruling proposed"},
    {"WhistleResolved", "已解决", "resolved"},
    {"WhistleEnded", "归档或终结", "ended"},
    {"WhistleHeldBack", "疑似重复,等人定", "perhaps the same: waits for a word"},
    {"WhistleJoined", "并入另一哨", "joined to another"},
    {"WhistleSupported", "又有人反映", "one more reports it"},
    {"WhistleParted", "拆分,恢复原样", "separated, as it was before"},
    {"SupportLost", "一条反映拆出", "one report separated"},
    {"WithdrawalNoted", "撤哨先到,记下", "withdrawn before it came"},
    {"WhistleRecurs", "又发生,关联前哨", "it came back; linked to the earlier"},
    {"IntakeForwarded", "转来收哨的事件", "intake's event, passed on"},
    {"WhistleCleared", "不是重复,放行", "a matter of its own"},
    {"WhistleHeld", "疑似重复,等人定", "perhaps the same: waits for a word"},
    {"WhistleMerged", "并入同一件事", "joined to a matter"},
    {"WhistleSplit", "拆分", "separated"},
    {"MatterMoved", "这件事了结或重办", "the matter ended or began anew"},
    {"DistrictAdopted", "启用区数据", "district adopted"},
    {"WhistleSubmitted", "提交,待审", "submitted, waits for review"},
    {"WhistleBlown", "吹哨", "whistle blown"},
    {"WhistleReviewed", "审核通过", "reviewed"},
    {"WhistleReturned", "退回补充", "returned"},
    {"WhistleSelfHandled", "街道自办", "the street handles it itself"},
    {"WhistleDropped", "撤哨", "dropped"},
    {"WhistleSupplemented", "补充情况", "supplemented"},
    {"PriorityChanged", "调整等级", "priority changed"},
    {"ReviewOverdue", "审核超时", "review overdue"},
    {"PersonErased", "个人信息已删除", "personal data erased"},
    {"WhistleUnsealed", "查看原文", "full text read"},
};

static const struct word actions[] = {
    {"SIGN", "签收", "sign"},
    {"CHECK_IN", "到场报到", "check in"},
    {"REPORT", "反馈结果", "report"},
    {"RULE", "审定退单", "rule on the refusal"},
    {"CONFIRM", "确认结果", "confirm the result"},
    {"REVIEW", "审核", "review it"},
    {"SUPPLEMENT", "补充后重新提交", "answer what is missing"},
    {"APPROVE_EXTENSION", "审批延期", "decide on the extension"},
    {"APPROVE_LEDGER", "审批挂账", "decide on the ledger"},
    {"REVIEW_LEDGER", "复核挂账", "look at the ledger again"},
    {"ARCHIVE", "自动归档", "goes to the archive"},
    {"DISPATCH", "派单", "dispatch"},
    {"DECIDE_MATCH", "定是否同一件事", "decide whether it is the same"},
    {"JOIN", "定是否同一件事", "decide whether it is the same"},
};

static const struct word *find(const struct word *table, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].key, key) == 0)
            return &table[i];
    return NULL;
}

// "whistle.v1.TaskState" → "TASK_STATE_", the prefix all its values share.
static size_t prefix_length(const ProtobufCEnumDescriptor *type)
{
    const char *zero = type->values[0].name;
    const char *tail = strstr(zero, "UNSPECIFIED");
    return tail ? (size_t)(tail - zero) : 0;
}

const char *text_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name + prefix_length(type) : "";
}

const char *text_enum(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    if (!found)
        return "?";
    if (value == 0)
        return "";
    const struct word *word = find(words, sizeof words / sizeof *words, found->name);
    return word ? T(word->zh, word->en) : found->name + prefix_length(type);
}

const char *text_word(const ProtobufCEnumDescriptor *type, const char *name)
{
    size_t skip = prefix_length(type);
    for (unsigned i = 0; i < type->n_values; i++)
        if (strcmp(type->values[i].name + skip, name) == 0)
            return text_enum(type, type->values[i].value);
    return name;
}

// "signed" → "TaskSigned": the message that this member of the event's oneof holds.
static const char *message_of(const char *member)
{
    const ProtobufCMessageDescriptor *types[] = {&whistle__v1__dispatch_event__descriptor,
                                                 &whistle__v1__intake_event__descriptor,
                                                 &whistle__v1__dedup_event__descriptor};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(types[i], member);
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
            return ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
    }
    return member;
}

// States a command may end in that are no state of a task or whistle.
static const struct word ends[] = {
    {"ASKED", "已申请", "asked"},
    {"APPROVED", "已批准", "approved"},
    {"DENIED", "未批准", "denied"},
    {"DELEGATED", "已交办", "delegated"},
    {"RATED", "已评价", "rated"},
    {"REPLIED", "已申辩", "answered"},
    {"PROPOSED", "已提议,等另一人终结", "proposed; another person closes it"},
    {"SATISFIED", "满意", "satisfied"},
    {"BASICALLY", "基本满意", "basically satisfied"},
    {"UNSATISFIED", "不满意", "unsatisfied"},
};

// Why a whistle waits for its street's review; why dedup decided as it did.
static const struct word whys[] = {
    {"RESIDENT", "居民反映,先审后发", "a resident's report: reviewed first"},
    {"COMMUNITY", "社区吹哨,街道先审", "a community's whistle: its street looks first"},
    {"STREET_RULE", "街道规定先审后发", "this street reviews first"},
    {"ANSWERS", "类别问题还没答全", "questions are still to be answered"},
    {"SCORE", "按相似度", "by the score"},
    {"SAME_REPORTER", "同一反映人", "the same reporter"},
    {"APART", "已定为两件事", "separated before"},
    {"FAR", "相距太远", "too far apart"},
    {"DISTRICT", "不在同一区划", "different districts"},
    {"NUMBER", "门牌、楼号或编号不同", "different numbers"},
    {"ADDRESS", "地址不同", "different addresses"},
    {"PLACE", "没说清是不是同一处", "not said whether it is the same place"},
    {"TOPIC", "类别不同,说的也不像同一件事", "other categories, and other things are told"},
    {"YEAR", "年份不同", "different years"},
    {"TIME", "相隔太久", "too long between"},
    {"PERSON", "人工决定", "by a person"},
    {"PRIORITY", "等级更高,不自动合并", "more urgent: not joined by itself"},
    {"WAITED", "没人定,时间到放行", "nobody decided in time"},
    {"SEPARATED", "人工定为另一件事", "a person separated it"},
    {"URGENT", "升为特急,放行", "became P1 while it waited"},
    {"UNCHECKED", "未查重", "not compared"},
    {"JOINED", "并入另一哨", "joined to another"},
    {"RESOLVED", "那件事已解决", "that one was resolved"},
    {"SAID", "反映人说是同一件事", "the reporter says it is the same"},
    {"BY_HAND", "自动归并已关", "joining by itself is off"},
    {"ASKS", "要求的部门或物资不同", "asks for other things"},
};

const char *text_why(const char *why)
{
    const struct word *word = find(whys, sizeof whys / sizeof *whys, why);
    return word ? T(word->zh, word->en) : why;
}

const char *text_state(const char *state, bool of_task)
{
    const ProtobufCEnumDescriptor *types[] = {
        of_task ? &whistle__v1__task_state__descriptor : &whistle__v1__whistle_state__descriptor,
        of_task ? &whistle__v1__whistle_state__descriptor : &whistle__v1__task_state__descriptor};
    for (size_t i = 0; i < 2; i++) {
        const char *word = text_word(types[i], state);
        if (word != state)
            return word;
    }
    const struct word *word = find(ends, sizeof ends / sizeof *ends, state);
    return word ? T(word->zh, word->en) : state;
}

const char *text_event(const char *kind)
{
    kind = message_of(kind);
    const struct word *word = find(events, sizeof events / sizeof *events, kind);
    return word ? T(word->zh, word->en) : kind;
}

const char *text_action(const char *action)
{
    const struct word *word = find(actions, sizeof actions / sizeof *actions, action);
    return word ? T(word->zh, word->en) : action;
}
