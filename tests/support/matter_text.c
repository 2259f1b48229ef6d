// SPDX-License-Identifier: Apache-2.0
// How people word a matter: a grammar of sentences over matter_words.def. A seed chooses the
// sentences, their order, the synonyms, the style of numbers and what is left out; the facts stay.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "support/matter_internal.h"

#define DAY_MS INT64_C(86400000)
#define EAST_8_MS INT64_C(28800000)
#define FIRST_WORD 0.55
#define TWO 6u // bytes of two characters
#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof *(list)))

const struct matter_kind matter_kinds[] = {
#define KIND(code, weight, street, objects, states, effects) \
    {#code, weight, street, objects, states, effects},
#include "support/matter_words.def"
#undef KIND
};
const int matter_n_kinds = (int)COUNT(matter_kinds);

static const char *const firsts = "金|锦|翠|华|阳|景|和|安|永|兴|福|康|宁|新|明|清|文|德|光|春|秋|"
                                  "云|龙|凤|松|柏|竹|梅|兰|桂|枫|榆|柳|桃|杏|槐|"
                                  "石|玉|宝|银|东|西|南|北|长|平|望|顺|丰|广|天|海|江|河|湖|泉|溪|"
                                  "沙|山|岭|紫|红|青|白|黄|大|双|三|万|千|百|城|"
                                  "瑞|嘉|盛|鼎|恒|泰|裕|祥";
static const char *const seconds = "绣|华|园|和|安|宁|康|泰|源|泉|湖|河|溪|山|岭|台|桥|门|塘|港|湾|"
                                   "洲|林|岗|坡|庄|井|寺|塔|阁|亭|楼|府|坊|堤|渡|"
                                   "景|庭|秀|丽|明|辉|星|月|云|霞|雅|馨|逸|居|盛|达|通|发|民|乐|益|"
                                   "善|仁|义|信|礼|智|荣|昌|隆|丰|裕|祥|瑞|福|禄|"
                                   "寿|喜|庆|贤|良|才|学";
static const char *const estates =
    "小区|花园|家园|里|苑|一村|二村|公寓|新村|嘉园|名邸|大院|社区|佳苑";
static const char *const streets = "路|街|大街|胡同|巷|东路|西路|南街|北街|中路";

static const char *const openings[] = {
    "",
    "",
    "您好，",
    "市民反映，",
    "来电人反映：",
    "我是%P的居民，",
    "领导你们好！",
    "网格员巡查发现，",
    "想问问有没有人管，",
    "",
    "反映一个问题：",
};
static const char *const wheres[] = {
    "%P%S%O%T。",       "%P%S的%O%T。",     "%O%T，就在%P%S。", "我住在%P，%S%O%T。",
    "位于%P%S，%O%T。", "%P这边%S%O%T。",   "%S%O%T，%P的。",   "在%P%S附近，发现%O%T。",
    "%P%O%T。",         "%P里面%O%T。",     // without the spot
    "%S%O%T。",         "我们这里%S%O%T。", // without the place's name
};
static const char *const sinces[] = {
    "",
    "",
    "从%D开始的。",
    "%D就这样了。",
    "已经有%N天了。",
    "持续了%N天。",
    "到现在%N天没有变化。",
    "最早是%D发现的。",
};
static const char *const details[] = {
    "",
    "",
    "",
    "大概有%K处。",
    "一共%K个地方。",
    "影响到%K户人家。",
    "周围%K家都知道。",
    "数了一下有%K个。",
};
static const char *const extras[] = {
    "",
    "",
    "",
    "",
    "我们是老小区，住的大多是退休职工。",
    "孩子上学每天都要经过这里。",
    "去年也出过一样的事。",
    "附近新开了一家店以后更明显。",
    "周末和晚上最严重。",
    "以前是有人管的，换了单位以后就没有了。",
    "我在外地上班，家里只有父母。",
    "这条路每天来往的人很多。",
    "微信群里大家一直在讨论。",
    "听说别的地方已经解决了。",
    "下雨以后情况更差。",
    "具体情况来了现场一看就知道。",
};
static const char *const effects[] = {
    "%E。", "现在%E。", "%E，实在没办法。", "%E，希望重视。", "因为这个%E。", "", "大家都说%E。",
};
static const char *const actions[] = {
    "",
    "",
    "找过物业，没有结果。",
    "打过电话，至今没人来看。",
    "之前反映过一次，不了了之。",
    "社区说正在协调。",
    "物业说不归他们管。",
    "跟居委会说过两回。",
    "拍了照片可以提供。",
};
static const char *const pleas[] = {
    "请尽快处理。",           "望有关部门核实。", "希望派人来看看。",
    "请给个答复。",           "恳请解决，谢谢！", "麻烦安排人员现场查看。",
    "要求相关单位尽快整改。", "盼回复。",         "",
    "请帮忙协调一下。",
};
static const char *const titles[] = {
    "%P%S%O%T", "%P%O%T", "%P%S%O问题", "关于%P%O%T的问题", "请处理%P%S%O%T", "反映%P%O%T",
    "%P：%O%T", "%O%T",   "%S%O%T",     "反映%O%T的情况", // without the place's name
};
static const char *const hasty[] = {
    "%O%T",     "%S%O%T", "%P%O%T", "%P%S%O%T", "%O%T了",
    "%P%O%T！", "%P%E",   "%O%E",   "%P%O%E",   "%O%T%E",
};
static const char *const sides[] = {
    "东门|东大门",         "西门|西侧门",      "南门|正门", "北门|后门",
    "中心广场|中间的广场", "东北角",           "西南角",    "儿童游乐场|孩子玩的地方",
    "快递柜旁|快递柜那里", "地库出入口|车库口"};
static const char *const landmarks[] = {
    "小学门口|学校门前", "公交站旁|公交车站", "菜市场对面|菜市场门口", "加油站旁边|加油站",
    "医院后门|医院后面", "邮局门前|邮局门口", "幼儿园旁|幼儿园门口",   "天桥下|过街天桥下面",
    "超市门口|超市前面", "银行对面|银行门口", "药店旁|药房旁边",       "派出所对面|派出所旁边"};
static const char *const digits[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

struct writer {
    const struct matter_facts *facts;
    struct matter_rnd r;
    char *at;
    size_t left;
    bool words;    // numbers in characters
    bool brief;    // the place by its first two characters only
    uint32_t spot; // which style of a spot
};

static void put_n(struct writer *w, const char *text, size_t n)
{
    if (n + 1 > w->left)
        abort(); // the rooms are large enough for the longest sentence of each
    memcpy(w->at, text, n);
    w->at[n] = 0;
    w->at += n;
    w->left -= n;
}

static void put(struct writer *w, const char *text)
{
    put_n(w, text, strlen(text));
}

int matter_parts(const char *list, char mark)
{
    int n = 1;
    for (; *list; list++)
        n += *list == mark;
    return n;
}

// The i-th part of a list: where it begins and how long it is.
static const char *part(const char *list, char mark, int i, size_t *ret_n)
{
    for (; i > 0; i--)
        list = strchr(list, mark) + 1;
    const char *end = strchr(list, mark);
    *ret_n = end ? (size_t)(end - list) : strlen(list);
    return list;
}

// One of the synonyms of thing number i: most people say the first.
static void put_thing(struct writer *w, const char *things, int i)
{
    char all[200];
    size_t n;
    const char *from = part(things, ';', i, &n);
    if (n >= sizeof all)
        abort();
    memcpy(all, from, n);
    all[n] = 0;
    uint32_t word = matter_below(&w->r, (uint32_t)matter_parts(all, '|'));
    from = part(all, '|', matter_chance(&w->r, FIRST_WORD) ? 0 : (int)word, &n);
    put_n(w, from, n);
}

static void put_number(struct writer *w, int number)
{
    char text[16];
    if (!w->words || number > 99) {
        (void)snprintf(text, sizeof text, "%d", number);
        put(w, text);
        return;
    }
    if (number >= 20)
        put(w, digits[number / 10]);
    if (number >= 10)
        put(w, "十");
    if (number % 10 || number == 0)
        put(w, digits[number % 10]);
}

static void put_building(struct writer *w)
{
    static const char *const styles[] = {"号楼", "号楼", "#楼", "栋", "幢", "号楼"};
    const struct matter_facts *f = w->facts;
    put_number(w, f->number);
    put(w, styles[w->spot % COUNT(styles)]);
    if (w->spot % 3 == 0) {
        put_number(w, f->gate);
        put(w, "单元");
    }
    if (w->spot % 7 == 0) {
        put_number(w, f->floor);
        put(w, w->spot % 2 ? "层" : "楼");
    }
}

static void put_spot(struct writer *w)
{
    const struct matter_facts *f = w->facts;
    switch (f->spot) {
    case BUILDING:
        put_building(w);
        break;
    case SIDE:
        put_thing(w, sides[f->number], 0);
        break;
    case HOUSE:
        put_number(w, f->number);
        put(w, w->spot % 4 ? "号" : "号门前");
        break;
    case CROSSING:
        put(w, w->spot % 2 ? "与" : "和");
        put(w, f->crossing->name);
        put(w, w->spot % 3 ? "交叉口" : "路口");
        break;
    case LANDMARK:
        put_thing(w, landmarks[f->number], 0);
        break;
    }
}

static void put_since(struct writer *w)
{
    char text[48];
    int32_t date = wh_civil_from_days((w->facts->since + EAST_8_MS) / DAY_MS);
    int month = date / 100 % 100, day = date % 100;
    if (matter_chance(&w->r, 0.7))
        (void)snprintf(text, sizeof text, "%d月%d日", month, day);
    else
        (void)snprintf(text, sizeof text, "%d.%d", month, day);
    put(w, text);
}

static void put_field(struct writer *w, char field)
{
    const struct matter_facts *f = w->facts;
    switch (field) {
    case 'P':
        put_n(w, f->place->name, w->brief ? TWO : strlen(f->place->name));
        break;
    case 'S':
        put_spot(w);
        break;
    case 'O':
        put_thing(w, f->kind->objects, f->object);
        break;
    case 'T':
        put_thing(w, f->kind->states, f->state);
        break;
    case 'E':
        put_thing(w, f->kind->effects, f->effect);
        break;
    case 'D':
        put_since(w);
        break;
    case 'N':
        put_number(w, f->days);
        break;
    default: // K
        put_number(w, f->count);
    }
}

static void put_sentence(struct writer *w, const char *const *list, uint32_t n)
{
    const char *s = list[matter_below(&w->r, n)], *field;
    for (; (field = strchr(s, '%')) != NULL; s = field + 2) {
        put_n(w, s, (size_t)(field - s));
        put_field(w, field[1]);
    }
    put(w, s);
}

// Three sentences in an order of their own: how long, how much, what it does to people.
static void put_middle(struct writer *w)
{
    static const char orders[6][4] = {"sde", "esd", "des", "sed", "eds", "dse"};
    for (const char *o = orders[matter_below(&w->r, 6)]; *o; o++) {
        if (*o == 's')
            put_sentence(w, sinces, COUNT(sinces));
        else if (*o == 'd')
            put_sentence(w, details, COUNT(details));
        else
            put_sentence(w, effects, COUNT(effects));
    }
}

static void put_body(struct writer *w)
{
    bool late = matter_chance(&w->r, 0.2); // tells of the trouble first
    if (w->facts->repeat)
        put(w, matter_chance(&w->r, 0.5) ? "再次反映，" : "上次反映的事还没处理，");
    put_sentence(w, openings, COUNT(openings));
    if (late)
        put_middle(w);
    put_sentence(w, wheres, COUNT(wheres));
    if (!late)
        put_middle(w);
    put_sentence(w, extras, COUNT(extras));
    put_sentence(w, actions, COUNT(actions));
    put_sentence(w, pleas, COUNT(pleas));
}

static struct writer writer_of(const struct matter_facts *facts, uint64_t seed, char *to, size_t n)
{
    struct writer w = {.facts = facts, .r = {matter_mix(seed)}, .at = to, .left = n};
    to[0] = 0;
    w.words = matter_chance(&w.r, 0.3);
    w.brief = matter_chance(&w.r, 0.12);
    w.spot = (uint32_t)(matter_next(&w.r) >> 40);
    return w;
}

void matter_words(const struct matter_facts *facts, struct matter_report *ret)
{
    // Who repeats an own report keeps most of its words.
    uint64_t words = facts->repeat && facts->wording % 4 ? facts->first : facts->wording;
    struct writer w = writer_of(facts, words, ret->title, sizeof ret->title);
    if (facts->brief)
        put_sentence(&w, hasty, COUNT(hasty));
    else
        put_sentence(&w, titles, COUNT(titles));
    w = writer_of(facts, words + 1, ret->text, sizeof ret->text);
    if (!facts->brief)
        put_body(&w);
    w = writer_of(facts, facts->wording + 2, ret->address, sizeof ret->address);
    uint32_t how = matter_below(&w.r, 10);
    if (how < 3)
        put(&w, facts->place->office);
    if (how < 5)
        put(&w, facts->place->name);
    if (how < 4)
        put_spot(&w);
}

// A name of two characters and an ending; every number another one. Seeds of another remainder by
// three take them from another third.
void matter_name(uint64_t seed, uint32_t i, bool street, char *ret_name, size_t n)
{
    const char *endings = street ? streets : estates;
    uint32_t a = (uint32_t)matter_parts(firsts, '|'), b = (uint32_t)matter_parts(seconds, '|');
    uint32_t c = (uint32_t)matter_parts(endings, '|'), all = a * b * c;
    uint64_t at = (seed % 3 * (all / 3) + i) % all * UINT64_C(48271) % all; // prime: a permutation
    struct matter_facts none = {0};
    struct writer w = {.facts = &none, .at = ret_name, .left = n};
    size_t k;
    const char *p = part(firsts, '|', (int)(at / c / b), &k);
    put_n(&w, p, k);
    p = part(seconds, '|', (int)(at / c % b), &k);
    put_n(&w, p, k);
    p = part(endings, '|', (int)(at % c), &k);
    put_n(&w, p, k);
}

void matter_office(uint64_t seed, uint32_t i, char *ret_name, size_t n)
{
    char name[64];
    struct matter_facts none = {0};
    struct writer w = {.facts = &none, .at = ret_name, .left = n};
    matter_name(seed + 17, i, true, name, sizeof name);
    put_n(&w, name, TWO);
    put(&w, "街道");
}

struct match_input matter_input(const struct matter_report *r)
{
    return (struct match_input){.id = r->id,
                                .at = r->at,
                                .title = r->title,
                                .text = r->text,
                                .address = r->address,
                                .located = r->located,
                                .lat = r->lat,
                                .lon = r->lon,
                                .category = r->category,
                                .unit = r->unit,
                                .reporter = r->reporter,
                                .radius_m = r->radius_m,
                                .window_h = r->window_h};
}

const char *matter_category(int32_t category)
{
    return category > 0 ? matter_kinds[category - 1].code : "";
}

void matter_params_print(const struct matter_params *p, FILE *to)
{
    (void)fprintf(
        to,
        "seed %" PRIu64
        ", %u reports, %u places in %.0f x %.0f km (%.0f reports a km2), %.0f days; place error "
        "sigma %.0f m, %.0f %% misplaced by %.0f m, %.0f %% without place, %.0f %% wrong "
        "category, delay %.1f days, %.1f %% copies (%.0f %% of them by the same person), "
        "each text at %u other places; radius %d m, window %d h%s\n",
        p->seed, p->reports, p->places, p->side_km, p->side_km,
        p->reports / (p->side_km * p->side_km), p->days, p->sigma_m, p->misplaced * 100,
        p->misplaced_m, p->unlocated * 100, p->wrong * 100, p->delay_days, p->copies * 100,
        p->own * 100, p->twins, p->radius_m, p->window_h, p->burst > 0 ? "; in haste" : "");
}

// The grammar's texts hold nothing that JSON escapes.
void matter_json(const struct matter_report *r, FILE *to)
{
    char at[WH_RFC3339_MAX];
    if (wh_rfc3339_format(r->at, 480, at) != 0)
        abort();
    (void)fprintf(to, "{\"id\": %" PRId64 ", \"time\": \"%s\", ", r->id, at);
    if (r->located)
        (void)fprintf(to, "\"lat\": %.6f, \"lon\": %.6f, ", r->lat, r->lon);
    if (r->reporter)
        (void)fprintf(to, "\"user\": \"%016" PRIx64 "\", ", r->reporter);
    (void)fprintf(to, "\"category\": \"%s\", \"title\": \"%s\", \"body\": \"%s\", ",
                  matter_category(r->category), r->title, r->text);
    if (r->address[0])
        (void)fprintf(to, "\"address\": \"%s\", ", r->address);
    (void)fprintf(to, "\"event\": %u}\n", r->event + 1);
}
