// SPDX-License-Identifier: Apache-2.0
// The one table of verbs. Each is a name, what it does in both languages, its parameters (which
// field of the command they fill) and a function; most are one command of a door and need no
// function of their own.
#include "cli/cli.h"

#include <string.h>

#define NUMBER(field)                                                                 \
    {                                                                                 \
        "NUMBER", field, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "哨号", \
            "the whistle's number", NULL                                              \
    }
#define TASK                                                                                       \
    {                                                                                              \
        "TASK", "task", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "任务号 (哨号-部门)", \
            "the task's id (NUMBER-DEPARTMENT)", NULL                                              \
    }
#define TEXT(name, field, hint, zh, en)                \
    {                                                  \
        name, field, PARAM_TEXT, 0, hint, zh, en, NULL \
    }
#define MUST(name, field, hint, zh, en)                             \
    {                                                               \
        name, field, PARAM_TEXT, PARAM_REQUIRED, hint, zh, en, NULL \
    }
#define ENUM(name, field, hint, zh, en)                          \
    {                                                            \
        name, field, PARAM_ENUM, PARAM_LOOSE, hint, zh, en, NULL \
    }
#define LIST(name, field, hint, zh, en)                \
    {                                                  \
        name, field, PARAM_LIST, 0, hint, zh, en, NULL \
    }
#define TIME(name, field, zh, en)                        \
    {                                                    \
        name, field, PARAM_TIME, 0, "TIME", zh, en, NULL \
    }
#define FLAG(name, field, set, zh, en)                \
    {                                                 \
        name, field, PARAM_FLAG, 0, NULL, zh, en, set \
    }
#define KEPT(name, kind, hint, zh, en)          \
    {                                           \
        name, NULL, kind, 0, hint, zh, en, NULL \
    }
#define REASON TEXT("reason", "reason", "TEXT", "理由", "why")
#define SAY(zh, en) TEXT("text", "text", "TEXT", zh, en)
#define LIMIT                                                                    \
    {                                                                            \
        "limit", "limit", PARAM_INT, 0, "N", "最多几条", "at most so many", NULL \
    }
#define CURSOR TEXT("cursor", "cursor", "CURSOR", "从上一页的末尾继续", "go on after the last page")
#define RATING                                                                                   \
    ENUM("rating", "rating", "RATING", "SATISFIED BASICALLY UNSATISFIED (满意 基本满意 不满意)", \
         "SATISFIED BASICALLY UNSATISFIED")
#define DECIDE                                                  \
    FLAG("approve", "decision", "APPROVED", "批准", "approve"), \
        FLAG("deny", "decision", "DENIED", "不批准", "deny")
#define PLACE                                                                                     \
    TEXT("place-unit", "place.unit", "CODE", "地点所在社区或网格",                                \
         "community or grid of the place"),                                                       \
        TEXT("address", "place.address", "TEXT", "地址", "address"),                              \
        {"lat", "place.lat", PARAM_REAL, 0, "DEGREES", "纬度 (WGS84)", "latitude (WGS84)", NULL}, \
    {                                                                                             \
        "lon", "place.lon", PARAM_REAL, 0, "DEGREES", "经度", "longitude", NULL                   \
    }
#define RAISE                                                                                    \
    TEXT("unit", "unit", "CODE", "谁吹哨;默认本密钥的单位",                                      \
         "who raises; default: the key's unit"),                                                 \
        TEXT("category", "category", "CODE", "事项类别", "category"),                            \
        TEXT("title", "title", "TEXT", "标题 (≤100 字)", "title (≤ 100 characters)"),            \
        SAY("详情 (≤5000 字)", "details (≤ 5,000 characters)"),                                  \
        {"priority",                                                                             \
         "priority",                                                                             \
         PARAM_ENUM,                                                                             \
         0,                                                                                      \
         "P1..P4",                                                                               \
         "等级;默认按类别",                                                                      \
         "priority; default: the category's",                                                    \
         NULL},                                                                                  \
        PLACE, TEXT("grid", "place.grid", "CODE", "网格", "grid"),                               \
        LIST("tag", "tags", "TAG[,TAG]", "标签", "tags"),                                        \
        {"answer",                                                                               \
         "answers",                                                                              \
         PARAM_PAIRS,                                                                            \
         0,                                                                                      \
         "CODE=VALUE",                                                                           \
         "对类别问题的回答,可重复",                                                              \
         "answer to a question of the category; repeatable",                                     \
         NULL},                                                                                  \
        LIST("joint-unit", "joint_units", "CODE[,CODE]", "联合吹哨的街道",                       \
             "streets that raise it jointly"),                                                   \
        KEPT("need", PARAM_WORDS, "KIND:WHAT:COUNT[:PER]",                                       \
             "需求,如 SUPPLY:WHEELCHAIR:2、PEOPLE:值守:20:SHIFT",                                \
             "a need, e.g. SUPPLY:WHEELCHAIR:2, PEOPLE:medic:20:SHIFT"),                         \
        TEXT("reporter-name", "reporter.name", "NAME", "反映人姓名", "reporter's name"),         \
        TEXT("reporter-phone", "reporter.phone", "PHONE", "反映人电话", "reporter's phone"),     \
        {"source",                                                                               \
         "source",                                                                               \
         PARAM_ENUM,                                                                             \
         0,                                                                                      \
         "SOURCE",                                                                               \
         "来源 STREET COMMUNITY GRID HOTLINE WEB …",                                             \
         "STREET COMMUNITY GRID HOTLINE WEB …",                                                  \
         NULL},                                                                                  \
        TEXT("reason", "reason", "TEXT", "特急理由 (类别不是特急时)",                            \
             "why P1 outside a P1 category"),                                                    \
        LIST("to", "to", "CODE[,CODE]", "部门向街道吹哨时的对象",                                \
             "streets a department whistles to"),                                                \
        TEXT("asked-by", "asked_by", "CODE", "替哪个社区吹哨", "community it is raised for"),    \
        LIST("attachment", "attachments", "REF[,REF]", "附件引用", "references of attachments"), \
        FLAG("drill", "drill", NULL, "演练,不计入统计", "a drill, kept out of every figure")
#define RULE_OPTIONS                                                                            \
    ENUM("verdict", "verdict", "VERDICT", "UPHELD 支持退单 | OVERRULED 驳回",                   \
         "UPHELD or OVERRULED"),                                                                \
        TEXT("department", "department", "CODE", "改由谁办 (UPHELD)", "who takes it (UPHELD)"), \
        TEXT("basis", "basis", "TEXT", "依据", "legal basis")
#define ON_BEHALF \
    FLAG("on-behalf", "method", "ON_BEHALF", "街道代部门报到", "entered for the department")

const struct verb verbs[] = {
    {"raise", GROUP_RAISE, DOOR_INTAKE, "吹哨", "blow a whistle", run_raise, "raise", NULL,
     PARAMS(RAISE,
            KEPT("file", PARAM_TEXT, "FILE", "每行一个 JSON 对象;- 为标准输入",
                 "one JSON object a line; - is standard input"),
            KEPT("no-wait", PARAM_FLAG, NULL, "收到确认即返回,不等派单",
                 "return at the acknowledgement, before the dispatch")),
     "--file 的字段名与 API 相同,另可带 request_id 和 "
     "officer;输出与输入逐行对应,退出码取最坏的一行。",
     "--file takes the API's field names, and request_id and officer; each input line gets its "
     "own\n"
     "output line in order, the exit code is the worst."},
    {"preview", GROUP_RAISE, DOOR_INTAKE, "预览:等级、是否待审、缺哪些回答、会并入哪一哨",
     "what would happen: priority, review, missing answers, what it would join", run_preview,
     "preview", NULL,
     PARAMS({"NUMBER", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "已有的哨:它像哪些哨",
             "one that stands: what it is like", NULL},
            RAISE,
            KEPT("limit", PARAM_INT, "N", "最多列出几个相似的,默认 5",
                 "at most so many alike, default 5")),
     NULL, NULL},
    {"resubmit", GROUP_RAISE, DOOR_INTAKE, "退回后重新提交", "submit a returned whistle again",
     run_resubmit, "resubmit", NULL, PARAMS(NUMBER(NULL), RAISE), NULL, NULL},
    {"add", GROUP_RAISE, DOOR_DISPATCH, "增派部门,或补充情况", "add departments, or more facts",
     run_add, "add", NULL,
     PARAMS(NUMBER("number"),
            LIST("department", "departments", "CODE[,CODE]", "增派的部门", "departments to add"),
            REASON, SAY("补充的情况", "more facts"),
            {"answer", "answers", PARAM_PAIRS, 0, "CODE=VALUE", "补答类别问题,可重复",
             "answer to a question; repeatable", NULL}),
     NULL, NULL},
    {"priority", GROUP_RAISE, DOOR_INTAKE, "调整等级", "change the priority", run_command,
     "priority", NULL,
     PARAMS(NUMBER("number"),
            ENUM("priority", "priority", "P1..P4", "新的等级", "the new priority"), REASON),
     NULL, NULL},
    {"withdraw", GROUP_RAISE, DOOR_DISPATCH, "撤哨", "withdraw a whistle", run_command, "withdraw",
     NULL, PARAMS(NUMBER("number"), REASON), NULL, NULL},

    {"show", GROUP_LOOK, DOOR_DISPATCH, "看一个哨", "one whistle", run_show, "show", NULL,
     PARAMS(NUMBER("number"), KEPT("events", PARAM_INT, "N", "最近几条流水,默认 8",
                                   "how many last events; default 8")),
     NULL, NULL},
    {"list", GROUP_LOOK, DOOR_DISPATCH, "哨的列表", "whistles", run_list, "list", NULL,
     PARAMS(TEXT("unit", "unit", "CODE", "只看这个单位", "only of this unit"),
            TEXT("category", "category", "CODE", "只看这个类别", "only of this category"),
            ENUM("state", "state", "STATE", "只看这个状态", "only in this state"),
            FLAG("open", "open", NULL, "只看未了结的", "only those not ended"), LIMIT, CURSOR),
     NULL, NULL},
    {"tasks", GROUP_LOOK, DOOR_DISPATCH, "部门任务,最急的在前", "tasks, what is due next first",
     run_tasks, "tasks", NULL,
     PARAMS({"NUMBER", "number", PARAM_TEXT, PARAM_POSITIONAL, NULL, "只看这个哨",
             "only of this whistle", NULL},
            TEXT("department", "department", "CODE", "哪个部门;默认本密钥的",
                 "department; default: the key's"),
            FLAG("open", "open", NULL, "只看未了结的 (默认)", "only those not ended (the default)"),
            KEPT("all", PARAM_FLAG, NULL, "包括已了结的", "ended ones too"),
            FLAG("overdue", "overdue", NULL, "只看超时的", "only late ones"), LIMIT, CURSOR),
     NULL, NULL},
    {"history", GROUP_LOOK, DOOR_DISPATCH, "一个哨的全部流水;--verify 核验流水的哈希链",
     "a whistle's whole history; --verify checks the journals", run_history, "history", NULL,
     PARAMS({"NUMBER", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL,
             "哨号;--verify 时为 intake、dedup 或 dispatch",
             "the number; with --verify: intake, dedup or dispatch", NULL},
            KEPT("verify", PARAM_FLAG, NULL, "从头核验哈希链 (审计密钥)",
                 "check the hash chain from the beginning (auditor's key)"),
            KEPT("since", PARAM_TEXT, "SEQ:HASH", "以前记下的链头,查截断",
                 "a head noted earlier, to find a cut end")),
     "核验失败退出码为 1,并给出 schema 和第一条坏记录的 seq。",
     "A failed check exits 1 and names the schema and the seq of the first bad row."},
    {"follow", GROUP_LOOK, DOOR_NONE, "持续收取事件", "follow events as they happen", run_follow,
     NULL, NULL,
     PARAMS(KEPT("feed", PARAM_TEXT, "NAME", "dispatch (默认) ends notices dedup urgent intake p1",
                 "dispatch (default), ends, notices, dedup, urgent, intake, p1"),
            KEPT("subject", PARAM_LIST, "CODE[,CODE]", "只听这些单位或部门",
                 "only what concerns these units or bodies"),
            KEPT("cursor", PARAM_TEXT, "FILE", "游标文件:中断后从此处继续",
                 "cursor file: go on here after a break"),
            KEPT("new", PARAM_FLAG, NULL, "只要从现在起的", "only what happens from now on"),
            KEPT("once", PARAM_FLAG, NULL, "追到最新即结束", "end when caught up")),
     NULL, NULL},
    {"matter", GROUP_LOOK, DOOR_DEDUP, "一件事:有哪些哨,谁何时为何并入",
     "a matter: its whistles, who joined whom, when and why", run_matter, "matter", NULL,
     PARAMS(NUMBER("number")), NULL, NULL},
    {"doubts", GROUP_LOOK, DOOR_DEDUP, "疑似重复、等人定的",
     "what waits for a word: the same or not", run_doubts, "doubts", NULL,
     PARAMS(TEXT("unit", "unit", "CODE", "只看这个单位", "only of this unit"), LIMIT, CURSOR), NULL,
     NULL},
    {"notices", GROUP_LOOK, DOOR_DISPATCH, "发出的通知", "notices sent to people", run_notices,
     "notices", NULL, PARAMS(NUMBER("number"), LIMIT, CURSOR), NULL, NULL},

    {"sign", GROUP_TASK, DOOR_DISPATCH, "签收 (可一次多个)", "sign for tasks (several at once)",
     run_command, "sign", NULL,
     PARAMS({"TASK", "tasks", PARAM_LIST, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "任务号,可多个",
             "task ids", NULL}),
     NULL, NULL},
    {"check-in", GROUP_TASK, DOOR_DISPATCH, "报到", "check in", run_command, "check_in", NULL,
     PARAMS(TASK,
            ENUM("method", "method", "METHOD", "DESK LINK QR ON_BEHALF", "DESK LINK QR ON_BEHALF"),
            ON_BEHALF, TEXT("note", "note", "TEXT", "备注", "a note"), PLACE),
     NULL, NULL},
    {"report", GROUP_TASK, DOOR_DISPATCH, "反馈", "report", run_command, "report", NULL,
     PARAMS(
         TASK,
         ENUM("outcome", "outcome", "OUTCOME", "PROGRESS SOLVED PARTLY NOT_POSSIBLE NOT_OURS",
              "PROGRESS SOLVED PARTLY NOT_POSSIBLE NOT_OURS"),
         SAY("情况", "what was found and done"),
         LIST("attachment", "attachments", "REF[,REF]", "附件引用", "references of attachments")),
     NULL, NULL},
    {"refuse", GROUP_TASK, DOOR_DISPATCH, "退单 (一哨一次,时限照走)",
     "refuse (once a whistle; the clock runs on)", run_command, "refuse", NULL,
     PARAMS(TASK,
            ENUM("reason", "reason", "REASON",
                 "WRONG_AREA 属地不符 WRONG_OWNER 权属不清 OVERLAP 职能交叉",
                 "WRONG_AREA WRONG_OWNER OVERLAP"),
            TEXT("basis", "basis", "TEXT", "法律依据", "legal basis"),
            TEXT("alternative", "alternative", "CODE", "应由谁办", "who should do it"),
            SAY("说明", "explanation")),
     NULL, NULL},
    {"delegate", GROUP_TASK, DOOR_DISPATCH, "部门内交办 (部门时限不变)",
     "delegate inside the department (its clock stays)", run_command, "delegate", NULL,
     PARAMS(TASK, MUST("to", "officer", "OFFICER", "承办人", "the officer"),
            TEXT("note", "note", "TEXT", "备注", "a note")),
     NULL, NULL},
    {"extend", GROUP_TASK, DOOR_DISPATCH, "申请延期;--approve/--deny 审批",
     "ask for more time; --approve/--deny decides", run_decidable, "extend", "decide_extension",
     PARAMS(TASK, TIME("until", "until_at", "延到何时", "until when"), REASON, DECIDE), NULL, NULL},
    {"ledger", GROUP_TASK, DOOR_DISPATCH, "申请挂账;--approve/--deny 审批",
     "ask for the pending ledger; --approve/--deny decides", run_decidable, "ledger",
     "decide_ledger",
     PARAMS(TASK, TEXT("plan", "plan", "TEXT", "办理方案", "the plan"),
            TIME("until", "until_at", "计划办结时间", "planned end"), REASON, DECIDE),
     NULL, NULL},
    {"reply", GROUP_TASK, DOOR_DISPATCH, "对评价申辩 (一次)", "answer a rating (once)", run_command,
     "reply_rating", NULL, PARAMS(TASK, SAY("申辩理由", "the reason")), NULL, NULL},

    {"review", GROUP_STREET, DOOR_INTAKE, "审核待审的哨", "review a waiting whistle", run_command,
     "review", NULL,
     PARAMS(NUMBER("number"),
            ENUM("verdict", "verdict", "VERDICT", "APPROVE RETURN SELF CANCEL",
                 "APPROVE RETURN SELF CANCEL"),
            FLAG("approve", "verdict", "APPROVE", "通过,吹哨", "approve: blow it"),
            FLAG("return", "verdict", "RETURN", "退回补充", "return it"),
            FLAG("self", "verdict", "SELF", "街道自办", "the street does it itself"),
            FLAG("cancel", "verdict", "CANCEL", "撤哨", "cancel it"), REASON,
            {"priority", "priority", PARAM_ENUM, 0, "P1..P4", "同时调整等级",
             "change the priority with it", NULL}),
     NULL, NULL},
    {"confirm", GROUP_STREET, DOOR_DISPATCH, "确认结果", "judge the result", run_command, "confirm",
     NULL,
     PARAMS(NUMBER("number"),
            ENUM("verdict", "verdict", "VERDICT", "SOLVED PARTLY NOT_SOLVED",
                 "SOLVED PARTLY NOT_SOLVED"),
            LIST("task", "tasks", "TASK[,TASK]", "退回重办的任务", "tasks that go back"),
            SAY("意见", "a line"), RATING),
     NULL, NULL},
    {"rate", GROUP_STREET, DOOR_DISPATCH, "评价一个部门", "rate a department's work", run_command,
     "rate", NULL, PARAMS(TASK, RATING, SAY("意见", "a line")), NULL, NULL},
    {"opinion", GROUP_STREET, DOOR_DISPATCH, "社区意见", "the community's opinion", run_command,
     "opinion", NULL, PARAMS(NUMBER("number"), RATING, SAY("意见", "a line")), NULL, NULL},
    {"reopen", GROUP_STREET, DOOR_DISPATCH, "重办", "reopen", run_command, "reopen", NULL,
     PARAMS(NUMBER("number"), REASON), NULL, NULL},
    {"join", GROUP_STREET, DOOR_DEDUP, "并入另一哨:是同一件事",
     "join it to another: the same matter", run_command, "join", NULL,
     PARAMS(NUMBER("number"),
            {"INTO", "into", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "那件事的任一哨号", "any whistle of the other matter", NULL},
            ENUM("how", "how", "HOW", "DUPLICATE 重复 (默认) REOPEN 没解决,重办 RECURRING 又发生",
                 "DUPLICATE (default), REOPEN it was not solved, RECURRING it came back"),
            REASON),
     "未报到的部门任务取消 (JOINED),已报到的继续支援;split 恢复原样。",
     "Tasks nobody has checked in for end as JOINED, the others go on in support; split brings all "
     "back."},
    {"split", GROUP_STREET, DOOR_DEDUP, "拆分:是另一件事", "separate it: another matter",
     run_command, "split", NULL, PARAMS(NUMBER("number"), REASON),
     "任务和时限恢复原样;这两个以后不再自动合并。等人定的 (doubts) 即刻派出。",
     "Its tasks and clocks come back; the two are not joined by themselves again. One that waits\n"
     "(doubts) goes out at once."},
    {"unseal", GROUP_STREET, DOOR_INTAKE, "查看反映人和未遮盖的原文 (记入流水)",
     "read the reporter and the unmasked text (is recorded)", run_unseal, "unseal", NULL,
     PARAMS(NUMBER("number"), REASON), NULL, NULL},

    {"rule", GROUP_DISTRICT, DOOR_DISPATCH, "审定退单", "rule on a refusal", run_command, "rule",
     NULL, PARAMS(TASK, RULE_OPTIONS), NULL, NULL},
    {"close", GROUP_DISTRICT, DOOR_DISPATCH, "终结 (两人先后)",
     "close by ruling (two persons, one after the other)", run_command, "rule_close", NULL,
     PARAMS(NUMBER("number"), REASON), NULL, NULL},
    {"check", GROUP_DISTRICT, DOOR_DISPATCH, "每类事项在每个街道都有人应吗",
     "does every category have a reachable lead in every street", run_check, "check", NULL,
     PARAMS(KEPT("strict", PARAM_FLAG, NULL, "警告也算失败", "warnings fail too")), NULL, NULL},
    {"route", GROUP_DISTRICT, DOOR_DISPATCH, "会派给谁", "who would be called", run_route,
     "explain", NULL,
     PARAMS({"CATEGORY", "category", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "事项类别", "the category", NULL},
            {"UNIT", "unit", PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "地点所在单位",
             "the place's unit", NULL},
            LIST("tag", "tags", "TAG[,TAG]", "标签", "tags"),
            KEPT("explain", PARAM_FLAG, NULL, "说明每个部门的来由", "say why each is called")),
     NULL, NULL},
    {"erase", GROUP_DISTRICT, DOOR_INTAKE, "删除反映人个人信息",
     "erase the reporter's personal data", run_command, "erase", NULL,
     PARAMS(NUMBER("number"), REASON), NULL, NULL},

    {"import", GROUP_OPERATE, DOOR_INTAKE, "载入区数据 (默认只显示差异)",
     "load a district's data (by default only shows the difference)", run_import, "adopt", NULL,
     PARAMS({"FILE", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "一个 JSON 文件,或放 CSV 表的文件夹", "a JSON file, or a folder of CSV tables", NULL},
            KEPT("apply", PARAM_FLAG, NULL, "启用", "adopt it")),
     "错误按文件、行、列全部列出,退出码 1;CSV 为 UTF-8 或 GB18030;空表: whistle export "
     "--templates。",
     "all faults are told by file, row and column, exit 1; CSV in UTF-8 or GB18030; empty tables: "
     "whistle export --templates."},
    {"export", GROUP_OPERATE, DOOR_INTAKE, "导出现行区数据或空表;--sheet 打印交接班单",
     "write the live district's data, empty tables; --sheet: a shift's handover sheet", run_export,
     NULL, NULL,
     PARAMS({"FILE", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL,
             "文件,默认标准输出;CSV 和空表为文件夹",
             "file, default standard output; a folder for tables", NULL},
            KEPT("csv", PARAM_FLAG, NULL, "CSV 表", "as CSV tables"),
            KEPT("templates", PARAM_FLAG, NULL, "空表和各列的说明 (默认文件夹 district)",
                 "empty tables and what their columns mean (default folder: district)"),
            KEPT("sheet", PARAM_TEXT, "UNIT", "一个街道、社区、部门或 DISTRICT 的交接班单",
                 "the handover sheet of a street, community, department or DISTRICT"),
            KEPT("format", PARAM_TEXT, "html|text", "交接班单的格式,默认 html (A4)",
                 "of a sheet; default html (A4)"),
            KEPT("hours", PARAM_INT, "N", "今后多少小时内应办的,默认 12",
                 "promised for the next N hours; default 12"),
            KEPT("phones", PARAM_TEXT, "FILE", "值班电话本,每行 代码,级别,电话;没有则留空手写",
                 "duty telephones, a line CODE,LEVEL,NUMBER; without: left to write in"),
            KEPT("sheets", PARAM_TEXT, "DIR", "持续运行:各街道、部门的交接班单,定时更新",
                 "keep running: the sheets of every street and department, made anew"),
            KEPT("every", PARAM_TEXT, "SPAN", "多久一次,默认 1h", "how often; default 1h"),
            KEPT("keep", PARAM_TEXT, "SPAN", "旧份保留多久,默认 48h",
                 "how long copies are kept; default 48h"),
            KEPT("once", PARAM_FLAG, NULL, "只写一次即结束", "write them once and end"),
            KEPT("sheets-folder", PARAM_TEXT, "DIR", "服务不应答时,在这里找最近一份",
                 "where the newest file is looked for when no service answers")),
     "交接班单: 未了结、超时、今后 12 小时应办、已叫过谁;A4 打印或 --format text | lp。",
     "A sheet: everything open, late, promised for 12 hours, who was called; on A4, or --format\n"
     "text | lp."},
    {"key", GROUP_OPERATE, DOOR_NONE, "密钥: new | list | rotate | revoke | tidy",
     "keys: new | list | rotate | revoke | tidy", run_key, NULL, NULL,
     PARAMS(
         {"ACTION", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
          "new list rotate revoke tidy", "new, list, rotate, revoke or tidy", NULL},
         {"WHO", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL,
          "单位、部门、服务代码;list 和 revoke 也可为标签、公钥或其前 8 位以上",
          "code of a unit, body or service; for list and revoke also a label, a public key or at "
          "least 8 characters of it",
          NULL},
         KEPT("role", PARAM_TEXT, "ROLE[,ROLE]",
              "street community department district leader operator auditor notifier gateway "
              "service sheet",
              "street community department district leader operator auditor notifier gateway "
              "service sheet"),
         KEPT("out", PARAM_TEXT, "FILE", "密钥文件;默认 IDENTITY.key",
              "key file; default IDENTITY.key"),
         KEPT("keyring", PARAM_TEXT, "FILE", "服务的钥匙环 (WHISTLE_KEYRING)",
              "the services' keyring (WHISTLE_KEYRING)"),
         KEPT("label", PARAM_TEXT, "TEXT", "谁在用,如 \"值班电脑2\"",
              "who holds it, e.g. \"desk 2\""),
         KEPT("keep", PARAM_TEXT, "SPAN", "rotate: 旧密钥还有效多久,默认 24h",
              "rotate: how long the old key stays valid, default 24h"),
         KEPT("from", PARAM_TIME, "TIME", "何时起有效", "valid from"),
         KEPT("until", PARAM_TIME, "TIME", "有效至", "valid until"),
         KEPT("for-district", PARAM_TEXT, "live|FILE|DIR",
              "为区数据里每个单位和部门各造一把缺少的密钥;live 为现行的",
              "make the missing keys of every unit and body; live: of the adopted district"),
         KEPT("base", PARAM_FLAG, NULL, "造每套系统都要的密钥:区、运维、审计、服务等",
              "make the missing keys that every system has: district, operator, services …"),
         KEPT("keys", PARAM_TEXT, "FOLDER", "放密钥文件的文件夹;默认在本密钥旁",
              "folder for the key files; default beside the acting key")),
     "rotate: 新密钥即刻可用,旧密钥到期前照用;运行中的程序到期时自己换上新密钥,无须停机。",
     "rotate: the new key works at once, the old one until its end; running programs change over "
     "by themselves, without a stop."},
    {"person", GROUP_OPERATE, DOOR_GATEWAY,
     "能登录网页的人员: add | list | show | post | unpost | rename | password | sessions | end",
     "who may log in: add | list | show | post | unpost | rename | password | sessions | end",
     run_person, NULL, NULL,
     PARAMS(
         {"ACTION", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
          "add list show post unpost rename password sessions end",
          "add, list, show, post, unpost, rename, password, sessions or end", NULL},
         {"CODE", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "人员代码", "the person's code", NULL},
         KEPT("login", PARAM_TEXT, "LOGIN", "登录名,默认同代码", "login; default the code"),
         KEPT("name", PARAM_TEXT, "NAME", "姓名", "name"),
         KEPT("at", PARAM_TEXT, "UNIT", "岗位所在单位或部门", "the post's unit or body"),
         KEPT("post", PARAM_TEXT, "ROLE",
              "STREET_OPERATOR STREET_APPROVER DUTY_DESK OFFICER HEAD DISPATCHER LEADER "
              "COMMUNITY_WORKER COMMUNITY_SECRETARY GRID_WORKER OPERATOR AUDITOR …",
              "STREET_OPERATOR STREET_APPROVER DUTY_DESK OFFICER HEAD DISPATCHER LEADER "
              "COMMUNITY_WORKER COMMUNITY_SECRETARY GRID_WORKER OPERATOR AUDITOR …"),
         KEPT("from", PARAM_TIME, "TIME", "岗位起", "the post begins"),
         KEPT("until", PARAM_TIME, "TIME", "岗位止", "the post ends"),
         KEPT("standing-in-for", PARAM_TEXT, "CODE", "代理谁 (须写 --until)",
              "deputy of whom (needs --until)"),
         KEPT("session", PARAM_INT, "ID", "end: 只结束这个会话", "end: this session only"),
         KEPT("cursor", PARAM_TEXT, "CURSOR", "从上一页的末尾继续", "go on after the last page")),
     "初始口令只显示一次。各单位的密钥管本单位的人,区和运维管全部。",
     "The first password is shown once. A body's key keeps its own people, the district's and an\n"
     "operator's all."},
    {"api-key", GROUP_OPERATE, DOOR_GATEWAY, "程序用的 HTTP 密钥: new | list | end",
     "keys of programs for HTTP: new | list | end", run_api_key, NULL, NULL,
     PARAMS(
         {"ACTION", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "new list end",
          "new, list or end", NULL},
         {"PREFIX", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "密钥的前缀", "the key's prefix",
          NULL},
         KEPT("for", PARAM_TEXT, "UNIT", "以哪个单位或部门办事,默认本密钥的",
              "acts for this unit or body; default the key's own"),
         KEPT("scope", PARAM_LIST, "SCOPE[,SCOPE]",
              "read write feed webhooks open311 open311.all metrics",
              "read write feed webhooks open311 open311.all metrics"),
         KEPT("name", PARAM_TEXT, "NAME", "给谁、做什么用", "for whom and what"),
         KEPT("until", PARAM_TIME, "TIME", "有效至,最长 400 天", "valid until, at most 400 days")),
     "密钥只显示一次。", "A key is shown once."},
    {"link", GROUP_OPERATE, DOOR_GATEWAY, "一项任务的免登录链接: new | end",
     "a link for one task, without an account: new | end", run_link, NULL, NULL,
     PARAMS(
         {"ACTION", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "new end",
          "new or end", NULL},
         {"TASK", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "任务号 (哨号-部门)",
          "the task's id (NUMBER-DEPARTMENT)", NULL},
         KEPT("to", PARAM_TEXT, "CODE", "给哪个承办人", "for which officer"),
         KEPT("for", PARAM_LIST, "PURPOSE[,PURPOSE]", "SIGN CHECK_IN REPORT REFUSE,默认全部",
              "SIGN CHECK_IN REPORT REFUSE; default all"),
         KEPT("until", PARAM_TIME, "TIME", "有效至,最长 72 小时", "valid until, at most 72 hours")),
     "end: 此前发出的这项任务的链接全部失效。",
     "end: every link of the task made until now is void."},
    {"notify", GROUP_OPERATE, DOOR_DISPATCH, "把通知送给人", "send the notices to people",
     run_notify, NULL, NULL,
     PARAMS(KEPT("outbox", PARAM_TEXT, "FOLDER", "每条通知写成一个文件", "one file a notice"),
            KEPT("exec", PARAM_TEXT, "COMMAND", "每条通知运行一次,JSON 在标准输入",
                 "run once a notice, JSON on standard input"),
            KEPT("channel", PARAM_LIST, "KIND[,KIND]", "只送这些渠道,如 sms",
                 "only channels of these kinds, e.g. sms"),
            KEPT("webhook", PARAM_TEXT, "URL", "每条通知 POST 一次", "POST once a notice"),
            KEPT("cursor", PARAM_TEXT, "FILE", "游标文件;默认 notify.cursor",
                 "cursor file; default notify.cursor"),
            KEPT("once", PARAM_FLAG, NULL, "追到最新即结束", "end when caught up")),
     "--exec: 退出码 0 为已送达;环境变量 WHISTLE_NOTICE_ID、_CHANNEL、_RECEIVER、_TEXT_ZH 等。",
     "--exec: exit 0 is sent; WHISTLE_NOTICE_ID, _CHANNEL, _RECEIVER, _TEXT_ZH … are in its "
     "environment."},
    {"simulate", GROUP_OPERATE, DOOR_DISPATCH, "用另一套规则重放记录的哨",
     "replay recorded whistles under other rules", run_simulate, "simulate", NULL,
     PARAMS(
         KEPT("routing", PARAM_TEXT, "FILE", "另一份区数据", "the other district file"),
         KEPT("times", PARAM_TEXT, "FILE", "另一份服务时限 (service_times)",
              "other service times (service_times)"),
         KEPT("lines", PARAM_INT, "N", "最多列出几个哨,默认 100", "whistles to list, default 100"),
         TIME("from", "from_at", "从何时,默认 30 天前", "from when, default 30 days ago"),
         TIME("to", "to_at", "到何时,默认现在", "until when, default now")),
     NULL, NULL},
    {"dead-letters", GROUP_OPERATE, DOOR_NONE, "死信: list | show ID | retry ID",
     "dead letters: list | show ID | retry ID", run_dead_letters, NULL, NULL,
     PARAMS({"ACTION", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "list (默认) show retry",
             "list (default), show or retry", NULL},
            {"ID", NULL, PARAM_INT, PARAM_POSITIONAL, NULL, "编号", "its id", NULL},
            KEPT("service", PARAM_TEXT, "NAME", "intake dedup dispatch;默认全部",
                 "intake, dedup or dispatch; default all")),
     NULL, NULL},
    {"dedup", GROUP_OPERATE, DOOR_NONE, "查重模型: evaluate FILE | fit FILE…",
     "the matcher's model: evaluate FILE | fit FILE…", run_dedup, NULL, NULL,
     PARAMS({"ACTION", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "evaluate: 用带标注的报告检验; fit: 用它们拟合新模型",
             "evaluate: on labelled reports; fit: a new model made of them", NULL},
            {"FILE", NULL, PARAM_WORDS, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "JSON 行或 CSV: id time lat lon category unit reporter title body address event",
             "JSON lines or CSV: id time lat lon category unit reporter title body address event",
             NULL},
            KEPT("ambiguous", PARAM_TEXT, "PAIRS.csv", "这些 id 对不计入",
                 "pairs of ids that count neither way"),
            KEPT("folds", PARAM_INT, "K", "evaluate: 按事项分 K 折交叉检验,5 次划分",
                 "evaluate: K folds by event, 5 splits"),
            KEPT("model", PARAM_TEXT, "MODEL", "evaluate: 检验这个模型;默认内置模型",
                 "evaluate: this model; default the built-in one"),
            KEPT("seed", PARAM_INT, "N", "分折的种子,默认 1", "of the splits; default 1"),
            KEPT("out", PARAM_TEXT, "MODEL", "fit: 模型写到这里;默认标准输出",
                 "fit: where the model goes; default standard output"),
            KEPT("version", PARAM_INT, "N", "fit: 模型的版本号,默认内置版本加一",
                 "fit: the model's version; default one after the built-in one")),
     "event 相同即同一事项;user 即 reporter;时间为 RFC 3339 或 2019/7/8 21:05:00。不连接任何服务。",
     "the same event: the same matter; user is reporter; times RFC 3339 or 2019/7/8 21:05:00. No\n"
     "service is asked."},
    {"rewind", GROUP_OPERATE, DOOR_NONE, "恢复备份后:把游标文件退回恢复点,从那里继续",
     "after a restore: a cursor file goes back to the restored point and on from there", run_rewind,
     NULL, NULL,
     PARAMS({"FILE", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL, "游标文件",
             "the cursor file", NULL},
            {"POINT", NULL, PARAM_TEXT, PARAM_REQUIRED | PARAM_POSITIONAL, NULL,
             "恢复点 SEQ:HASH,deploy/restore 会打印", "SEQ:HASH, as deploy/restore prints it",
             NULL}),
     "只往回退;退回前的文件留作 FILE.lost。恢复点之后收到的任务系统里已没有。",
     "Only backwards; the file as it was stays as FILE.lost. What came after the point is no "
     "longer "
     "in the system."},
    {"ping", GROUP_OPERATE, DOOR_NONE, "服务在应答吗 (经过入口问到数据库)",
     "does a service answer, through its door and from its database", run_ping, NULL, NULL,
     PARAMS({"SERVICE", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "intake dedup dispatch;默认全部",
             "intake, dedup or dispatch; default all", NULL}),
     NULL, NULL},
    {"doctor", GROUP_OPERATE, DOOR_NONE, "检查这套系统,说出原因",
     "check this system and name the cause", run_doctor, NULL, NULL,
     PARAMS(KEPT("sheets-folder", PARAM_TEXT, "DIR", "也看交接班单是否够新 (WHISTLE_SHEETS)",
                 "also whether the handover sheets are fresh (WHISTLE_SHEETS)")),
     NULL, NULL},
    {"help", GROUP_OPERATE, DOOR_NONE, "帮助", "help", run_help, NULL, NULL,
     PARAMS({"VERB", NULL, PARAM_TEXT, PARAM_POSITIONAL, NULL, "动词", "a verb", NULL}), NULL,
     NULL},
};
const size_t verbs_n = sizeof verbs / sizeof *verbs;

const struct params verb_common = PARAMS(
    KEPT("key", PARAM_TEXT, "FILE", "谁在操作:密钥文件 (WHISTLE_KEY)",
         "who acts: a key file (WHISTLE_KEY)"),
    KEPT("doors", PARAM_TEXT, "FILE", "服务地址文件 (WHISTLE_DOORS);默认在密钥文件旁",
         "file of the doors (WHISTLE_DOORS); default beside the key file"),
    KEPT("officer", PARAM_TEXT, "CODE", "经办人", "the person who acts"),
    KEPT("acting-for", PARAM_TEXT, "CODE", "代表哪个单位 (网关密钥)",
         "body it is done for (gateway keys)"),
    KEPT("request-id", PARAM_TEXT, "UUID", "同一请求重发时用同一个",
         "the same when the same request is sent again"),
    KEPT("json", PARAM_FLAG, NULL, "给程序的输出", "output for programs"),
    KEPT("lang", PARAM_TEXT, "zh|en", "语言;默认按系统区域", "language; default by the locale"),
    KEPT("timeout", PARAM_INT, "SECONDS", "最多等多久,默认 30", "how long to wait, default 30"),
    KEPT("help", PARAM_FLAG, NULL, "帮助", "help"),
    KEPT("version", PARAM_FLAG, NULL, "版本", "version"));
