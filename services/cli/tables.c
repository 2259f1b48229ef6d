// SPDX-License-Identifier: Apache-2.0
// The table of tables, and finding a column or a word by how people call it.
#include "cli/tables.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

const struct cell_word bool_words[] = {
    {"true", "是|yes|true|y|1|有"}, {"false", "否|no|false|n|0|无"}, {NULL, NULL}};
const struct cell_word weekday_words[] = {
    {"MON", "周一|星期一|MON|1"},        {"TUE", "周二|星期二|TUE|2"},
    {"WED", "周三|星期三|WED|3"},        {"THU", "周四|星期四|THU|4"},
    {"FRI", "周五|星期五|FRI|5"},        {"SAT", "周六|星期六|SAT|6"},
    {"SUN", "周日|星期日|星期天|SUN|7"}, {NULL, NULL}};
static const struct cell_word levels[] = {
    {"district", "区|县|市辖区|district"},
    {"subdistrict", "街道|街道办|街道办事处|subdistrict|street"},
    {"town", "镇|town"},
    {"township", "乡|township"},
    {"community", "社区|居委会|community"},
    {"village", "村|行政村|村委会|village"},
    {"grid", "网格|grid"},
    {NULL, NULL}};
static const struct cell_word duties[] = {
    {"7x24", "全天|24小时|7×24|7x24|7*24"}, {"work", "工作时间|工作日|work|workday"}, {NULL, NULL}};
static const struct cell_word ranks[] = {
    {"0", "值班|值班员|0"}, {"1", "第二联系人|副班|1"}, {"2", "负责人|主要负责人|2"}, {NULL, NULL}};
static const struct cell_word priorities[] = {
    {"P1", "P1|特急"}, {"P2", "P2|紧急"}, {"P3", "P3|一般"}, {"P4", "P4|疑难"}, {NULL, NULL}};
static const struct cell_word types[] = {
    {"text", "文字|文本|text"},     {"bool", "是否|bool"},          {"int", "整数|int"},
    {"number", "数字|小数|number"}, {"choice", "选项|单选|choice"}, {NULL, NULL}};
static const struct cell_word days[] = {{"work_hours", "工作时间|上班时间|work_hours"},
                                        {"weekend", "周末|休息日|weekend"},
                                        {"off", "放假|节假日|法定节假日|off"},
                                        {"work", "调休上班|补班|work"},
                                        {NULL, NULL}};

#define NAME                                                                      \
    {                                                                             \
        "zh", "名称|中文名|name|zh", CELL_TEXT, true, NULL, "中文名称,64 字以内", \
            "name in Chinese, up to 64 characters", NULL                          \
    }
#define ENGLISH                                                                              \
    {                                                                                        \
        "en", "英文名|english|en", CELL_TEXT, false, NULL, "英文名称", "name in English", "" \
    }
#define LAT                                                                                    \
    {                                                                                          \
        "lat", "纬度|latitude|lat", CELL_REAL, false, NULL, "WGS84 纬度(度);与经度同填或同空", \
            "WGS84 latitude in degrees; with the longitude or not at all", "31.2304"           \
    }
#define LON                                                                    \
    {                                                                          \
        "lon", "经度|longitude|lon", CELL_REAL, false, NULL, "WGS84 经度(度)", \
            "WGS84 longitude in degrees", "121.4737"                           \
    }
#define HOUSEHOLDS                                                                           \
    {                                                                                        \
        "households", "户数|households", CELL_INT, false, NULL, "户数", "households", "1200" \
    }
#define RESIDENTS                                                                               \
    {                                                                                           \
        "residents", "人口|常住人口|residents", CELL_INT, false, NULL, "常住人口", "residents", \
            "3100"                                                                              \
    }
#define SPAN(field, names, must, zh, en, example)            \
    {                                                        \
        field, names, CELL_CODE, must, NULL, zh, en, example \
    }
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct column district[] = {
    {"code", "代码|区划代码|code", CELL_CODE, true, NULL, "区划代码;启用后不可更改",
     "the district's code; stays for ever", "880101"},
    NAME,
    ENGLISH,
    {"number_prefix", "编号前缀|哨号前缀|prefix|number_prefix", CELL_CODE, true, NULL,
     "哨号前缀:大写字母和数字,字母开头,最多 8 位;启用后不可更改",
     "prefix of whistles' numbers: A-Z and 0-9, a letter first, at most 8; stays for ever", "QH"},
    {"timezone", "时区|timezone", CELL_CODE, true, NULL, "时区名", "name of the time zone",
     "Asia/Shanghai"},
    LAT,
    LON,
    HOUSEHOLDS,
    RESIDENTS,
    {"note", "备注|note", CELL_TEXT, false, NULL, "备注,5000 字以内", "a note", ""},
};
static const struct column units[] = {
    {"code", "代码|编码|单位代码|code", CELL_CODE, true, NULL,
     "单位代码:字母、数字、_ - .,最多 32 位;启用后须保留",
     "letters, digits, _ - . up to 32; kept once adopted", "880101001"},
    NAME,
    ENGLISH,
    {"level", "层级|级别|level", CELL_WORD, true, levels, "街道、镇、乡、社区、村或网格",
     "subdistrict, town, township, community, village or grid", "subdistrict"},
    {"parent", "上级|上级代码|上级单位|parent", CELL_CODE, true, NULL,
     "上级单位的代码:街道属区,社区属街道,网格属社区", "code of the unit above", "880101"},
    LAT,
    LON,
    HOUSEHOLDS,
    RESIDENTS,
    {"review_below_p1", "街道审核|特急以下须审核|review_below_p1", CELL_BOOL, false, bool_words,
     "是:社区的 P2–P4 先由街道审核;只用于街道、镇、乡",
     "yes: the street reviews its communities' P2 to P4; streets only", ""},
};
static const struct column departments[] = {
    {"code", "代码|部门代码|编码|code", CELL_CODE, true, NULL, "部门或公司的代码,最多 32 位",
     "code of a department or company, up to 32", "TAPCO"},
    NAME,
    ENGLISH,
    {"kind", "类型|类别|kind", CELL_TEXT, false, NULL, "部门、公共服务企业、领导……", "what it is",
     "公共服务企业"},
    {"duty", "值守|duty", CELL_WORD, false, duties, "全天或工作时间", "7x24 or work", "7x24"},
};
static const struct column desks[] = {
    {"body", "单位|单位或部门|部门代码|body", CELL_CODE, true, NULL,
     "单位或部门的代码;每个联系人一行,按联系顺序",
     "code of the unit or department; a row a contact, in the order of calling", "TAPCO"},
    {"level", "级别|联系级别|level", CELL_WORD, true, ranks,
     "值班、第二联系人或负责人(由低到高排列)",
     "0 officer on duty, 1 second contact, 2 head; rising", "0"},
    {"zh", "名称|联系人|name|zh", CELL_TEXT, false, NULL, "岗位名称(不要写人名)",
     "the post, no person's name", "值班员"},
    {"en", "英文名|english|en", CELL_TEXT, false, NULL, "英文名称", "in English", ""},
    {"code", "人员代码|经办人|officer|code", CELL_CODE, false, NULL, "经办人代码",
     "code of the officer", ""},
    {"hours", "时间|联系时间|hours", CELL_WORD, false, duties, "全天或工作时间", "7x24 or work",
     "7x24"},
    {"channels", "联系方式|渠道|channels", CELL_LIST, true, NULL,
     "类型:地址,按尝试顺序,如 sms:13900000000;app:u1;电话和邮箱入库即加密",
     "kind:address in order of trial; telephones and mails are sealed when adopted",
     "sms:13900000000"},
    {"priorities", "等级|优先级|priorities", CELL_WORDS, false, priorities,
     "只在这些等级联系;空为全部", "called for these only; empty: all", "P1;P2"},
};
static const struct column categories[] = {
    {"code", "代码|类别代码|code", CELL_CODE, true, NULL, "类别代码,最多 32 位", "code, up to 32",
     "PIPE_BURST"},
    NAME,
    ENGLISH,
    {"kind", "类型|kind", CELL_TEXT, false, NULL, "综合执法、重点工作、应急处置……", "what kind",
     "应急处置"},
    {"priority", "等级|优先级|priority", CELL_WORD, true, priorities, "默认等级 P1–P4",
     "default, P1 to P4", "P1"},
    {"lead", "牵头|牵头部门|lead", CELL_CODE, false, NULL,
     "牵头部门的代码;空则须在 routing.csv 逐地指定",
     "code of the leading department; empty: routing.csv says it place by place", "TAPCO"},
    {"supports", "协办|协办部门|配合部门|support|supports", CELL_LIST, false, NULL,
     "协办部门的代码", "codes of the supporting departments", "URBAN;POLICE"},
    {"dedup_radius_m", "查重半径米|查重半径|dedup_radius_m", CELL_INT, false, NULL, "查重半径(米)",
     "radius for duplicates (m)", "150"},
    {"dedup_window_h", "查重小时|查重时间|dedup_window_h", CELL_INT, false, NULL, "查重时间(小时)",
     "window for duplicates (h)", "24"},
    {"sensitive", "敏感|sensitive", CELL_BOOL, false, bool_words, "是:内容涉及隐私",
     "yes: about private matters", ""},
    {"full_address", "可看全址|可看完整地址的部门|full_address", CELL_LIST, false, NULL,
     "可看完整地址的部门代码", "departments that may read the full address", "TAPCO"},
    {"advice_zh", "处置提示|提示|advice|advice_zh", CELL_TEXT, false, NULL, "到场前给现场的提示",
     "advice until help comes", "远离塌陷边缘"},
    {"advice_en", "英文提示|advice_en", CELL_TEXT, false, NULL, "英文提示", "the same in English",
     ""},
    {"resident", "居民可报|居民|resident", CELL_BOOL, false, bool_words,
     "是:居民可在网页和 Open311 直接反映;敏感类别不对外",
     "yes: residents may report it (web form, Open311); never where sensitive", "是"},
    {"public_zh", "对外名称|public_zh", CELL_TEXT, false, NULL,
     "给居民看的名称,64 字以内;空则同名称", "its name for residents; empty: the name",
     "水管爆裂、路面冒水"},
    {"public_en", "对外英文名|public_en", CELL_TEXT, false, NULL, "对外名称的英文",
     "the same in English", ""},
    {"response_zh", "答复|答复语|response_zh", CELL_TEXT, false, NULL,
     "收到反映时答复居民的话,500 字以内", "what a resident is told at receipt",
     "已收到,街道核实后派给责任部门。"},
    {"response_en", "英文答复|response_en", CELL_TEXT, false, NULL, "答复的英文",
     "the same in English", ""},
};
static const struct column questions[] = {
    {"category", "类别|类别代码|category", CELL_CODE, true, NULL, "类别代码", "the category's code",
     "FLOODING"},
    {"code", "代码|问题代码|code", CELL_CODE, true, NULL, "问题代码,在类别内唯一",
     "code, once in its category", "depth_cm"},
    {"zh", "问题|名称|question|name|zh", CELL_TEXT, true, NULL, "怎样问", "the question in Chinese",
     "水深(厘米)"},
    {"en", "英文|英文名|english|en", CELL_TEXT, false, NULL, "英文", "in English", ""},
    {"type", "类型|type", CELL_WORD, true, types, "文字、是否、整数、数字、选项",
     "text, bool, int, number, choice", "int"},
    {"values", "选项|values", CELL_LIST, false, NULL, "类型为选项时的取值",
     "the values of a choice", ""},
    {"required", "必填|required", CELL_BOOL, false, bool_words, "是或否", "yes or no", "是"},
    {"min", "最小|最小值|min", CELL_REAL, false, NULL, "最小值", "least", "0"},
    {"max", "最大|最大值|max", CELL_REAL, false, NULL, "最大值", "most", "500"},
};
static const struct column routing[] = {
    {"category", "类别|类别代码|category", CELL_CODE, true, NULL, "类别代码", "the category's code",
     "FLOODING"},
    {"unit", "地点|单位|unit", CELL_CODE, false, NULL, "此单位及其下级适用;空为全区",
     "holds there and below; empty: everywhere", "880101001"},
    {"tag", "标签|tag", CELL_TEXT, false, NULL, "带此标签的哨另加;空为基本规则",
     "added for whistles with this tag; empty: the base rule", ""},
    {"lead", "牵头|牵头部门|lead", CELL_CODE, false, NULL, "牵头部门;有标签时可空",
     "leading department; may be empty with a tag", "WATER"},
    {"supports", "协办|协办部门|配合部门|supports", CELL_LIST, false, NULL, "协办部门",
     "supporting departments", "TRAFFIC"},
};
static const struct column calendar[] = {
    {"kind", "类型|kind", CELL_WORD, true, days,
     "工作时间(时:分)、周末(周几)、放假、调休上班(日期)",
     "work_hours (hh:mm), weekend (day), off, work (date)", "off"},
    {"from", "起|开始|from", CELL_CODE, true, NULL, "09:00,周六,2027-01-01",
     "09:00, SAT, 2027-01-01", "2027-01-01"},
    {"to", "止|结束|to", CELL_CODE, false, NULL, "工作时间的结束,或最后一天;空为一天",
     "end of the hours, or the last day; empty: one day", "2027-01-03"},
};
#define DURATION_ZH "如 PT5M 分、PT2H 小时、P3D 天、4WH 工作小时、1WD 工作日"
#define DURATION_EN "PT5M, PT2H, P3D, 4WH working hours, 1WD working days"
static const struct column times[] = {
    {"set", "方案|set", CELL_CODE, true, NULL, "normal 为平时,四级齐全;另可有 emergency 等",
     "normal needs all four; emergency and others may follow", "normal"},
    {"priority", "等级|优先级|priority", CELL_WORD, true, priorities, "P1–P4", "P1 to P4", "P1"},
    SPAN("sign", "签收|sign", true, DURATION_ZH, DURATION_EN, "PT5M"),
    SPAN("checkin", "报到|checkin", true, DURATION_ZH, DURATION_EN, "PT30M"),
    SPAN("report", "反馈|report", true, DURATION_ZH, DURATION_EN, "PT2H"),
    SPAN("report_every", "反馈间隔|report_every", false, DURATION_ZH, DURATION_EN, "PT2H"),
    SPAN("resolve", "办结|resolve", true, DURATION_ZH, DURATION_EN, "PT24H"),
    SPAN("ruling", "审定|ruling", false, DURATION_ZH, DURATION_EN, "PT30M"),
    SPAN("review", "街道审核|审核|review", false, "P2–P4 须有;" DURATION_ZH,
         "P2 to P4; " DURATION_EN, ""),
    SPAN("review_resident", "居民哨审核|review_resident", false, "P1 须有;" DURATION_ZH,
         "P1; " DURATION_EN, "PT5M"),
    {"escalate_unsigned", "未签收升级|escalate_unsigned", CELL_LIST, false, NULL,
     "未签收时逐级升级,最多 4 级", "steps while nobody signs, at most 4", "PT5M;PT10M"},
    {"remind", "催办百分比|催办|remind", CELL_INTS, false, NULL, "到时限的百分之几催办,递增",
     "percent of the time, rising", "50;80;100"},
    SPAN("ledger_max", "挂账最长|ledger_max", false, DURATION_ZH, DURATION_EN, "P180D"),
    SPAN("ledger_review", "挂账复核|ledger_review", false, DURATION_ZH, DURATION_EN, "P30D"),
    SPAN("confirm", "确认|confirm", false, DURATION_ZH, DURATION_EN, ""),
};
static const struct column danger[] = {
    {"text", "危险词|词|word|text", CELL_TEXT, true, NULL, "出现即提示按特急处理的词,32 字以内",
     "a word that suggests P1, up to 32 characters", "被困"},
};

static const char hours_filled[] = "work_hours,09:00,12:00\nwork_hours,13:30,17:30\n"
                                   "weekend,SAT,\nweekend,SUN,\n";
static const char times_filled[] =
    "normal,P1,PT5M,PT30M,PT2H,PT2H,PT24H,PT30M,,PT5M,PT5M;PT10M;PT15M;PT30M,50;80;100,,,\n"
    "normal,P2,PT30M,PT2H,PT24H,,PT72H,PT2H,PT15M,,PT30M;PT1H;PT2H;PT4H,50;80;100,,,\n"
    "normal,P3,4WH,1WD,P3D,,P7D,1WD,4WH,,4WH;1WD;2WD;3WD,50;80;100,,,\n"
    "normal,P4,1WD,3WD,P7D,,P15D,1WD,4WH,,1WD;2WD;4WD;6WD,50;80;100,P180D,P1M,\n";

const struct csv_table csv_tables[TABLES] = {
    {"district.csv", "区本身:一行", "the district itself: one row", true, district, COUNT(district),
     NULL},
    {"units.csv", "街道、镇、乡,社区、村,网格", "streets, communities, grids", true, units,
     COUNT(units), NULL},
    {"departments.csv", "部门和公司", "departments and companies", true, departments,
     COUNT(departments), NULL},
    {"desks.csv", "值守联系人:每人一行", "desks: a row a contact", false, desks, COUNT(desks),
     NULL},
    {"categories.csv", "事项类别和基本派单", "categories and their base routing", true, categories,
     COUNT(categories), NULL},
    {"questions.csv", "各类别要问的", "what each category asks", false, questions, COUNT(questions),
     NULL},
    {"routing.csv", "按地点和标签的派单", "routing by place and tag", false, routing,
     COUNT(routing), NULL},
    {"calendar.csv", "工作时间、周末、节假日", "working hours, weekend, holidays", true, calendar,
     COUNT(calendar), hours_filled},
    {"service_times.csv", "服务时限", "service times", true, times, COUNT(times), times_filled},
    {"danger_words.csv", "危险词", "danger words", false, danger, COUNT(danger), NULL},
};

// ---- names --------------------------------------------------------------------------------------

// Blanks that spreadsheets leave: ASCII, no-break (C2 A0), ideographic (E3 80 80).
static size_t blank_at(const char *p)
{
    if (*p == ' ' || *p == '\t')
        return 1;
    if (strncmp(p, "\xC2\xA0", 2) == 0)
        return 2;
    return strncmp(p, "\xE3\x80\x80", 3) == 0 ? 3 : 0;
}

// Without any blanks, ASCII in lower case.
static void fold(const char *text, size_t n, char *ret_text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < n && used + 1 < room;) {
        size_t blank = blank_at(text + i);
        i += blank;
        if (blank == 0)
            ret_text[used++] = (char)tolower((unsigned char)text[i++]);
    }
    ret_text[used] = '\0';
}

bool name_among(const char *names, const char *text)
{
    char wanted[128], name[128];
    fold(text, strlen(text), wanted, sizeof wanted);
    for (const char *p = names; *p;) {
        size_t n = strcspn(p, "|");
        fold(p, n, name, sizeof name);
        if (strcmp(name, wanted) == 0)
            return *wanted != '\0';
        p += n + (p[n] == '|');
    }
    return false;
}

static void first_name(const char *names, char *ret_text, size_t n)
{
    (void)snprintf(ret_text, n, "%.*s", (int)strcspn(names, "|"), names);
}

const struct column *column_by_header(const struct csv_table *table, const char *header)
{
    for (size_t i = 0; i < table->n; i++)
        if (name_among(table->columns[i].names, header) ||
            name_among(table->columns[i].field, header))
            return &table->columns[i];
    return NULL;
}

const struct column *column_by_field(const struct csv_table *table, const char *field)
{
    for (size_t i = 0; i < table->n; i++)
        if (strcmp(table->columns[i].field, field) == 0)
            return &table->columns[i];
    return NULL;
}

void column_header(const struct column *column, char *ret_text, size_t n)
{
    if (text_zh())
        first_name(column->names, ret_text, n);
    else
        (void)snprintf(ret_text, n, "%s",
                       strcmp(column->field, "zh") == 0 ? "name" : column->field);
}

const char *word_value(const struct cell_word *words, const char *text)
{
    for (; words && words->value; words++)
        if (name_among(words->names, text))
            return words->value;
    return NULL;
}

void word_name(const struct cell_word *words, const char *value, char *ret_text, size_t n)
{
    (void)snprintf(ret_text, n, "%s", value);
    for (; text_zh() && words && words->value; words++)
        if (strcmp(words->value, value) == 0)
            first_name(words->names, ret_text, n);
}
