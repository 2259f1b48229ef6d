// SPDX-License-Identifier: Apache-2.0
// What the mask hides and what it leaves: sentences with the expected result, and properties over
// random mixtures (spans sorted, text outside them unchanged, nothing found twice).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mask.h"
#include "base/text.h"

#define SPANS 64

struct sentence {
    const char *text, *masked; // NULL: stays as it is
};

static void check_sentence(const char *text, const char *expected)
{
    struct wh_arena arena;
    struct wh_mask_span spans[SPANS];
    const char *masked;
    size_t len;
    wh_arena_init(&arena, 1 << 16);
    size_t n = wh_mask_find(text, strlen(text), spans, SPANS);
    assert_int_equal(
        wh_mask_apply(&arena, text, strlen(text), spans, n, WH_MASK_ALL, &masked, &len), 0);
    assert_int_equal(len, strlen(masked));
    if (strcmp(masked, expected) != 0)
        print_error("text: %s\n", text);
    assert_string_equal(masked, expected);
    wh_arena_done(&arena);
}

static void check_all(const struct sentence *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_sentence(rows[i].text, rows[i].masked ? rows[i].masked : rows[i].text);
}
#define CHECK_ALL(rows) check_all(rows, sizeof(rows) / sizeof *(rows))

static void id_numbers(void **state)
{
    static const struct sentence rows[] = {
        {"身份证11010519491231002X的老人", "身份证[身份证]的老人"},
        {"身份证:11010519491231002x。", "身份证:[身份证]。"},
        {"440524 1988 0101 0014登记", "[身份证]登记"},
        {"号码440524-19880101-0014", "号码[身份证]"},
        {"４４０５２４１９８８０１０１００１４", "[身份证]"},
        {"写错一位440524198801010015也隐去", "写错一位[身份证]也隐去"},
        {"旧证130503670401001", "旧证[身份证]"},
        {"网格990101002001001", NULL},
        {"网格110101001001001", NULL},
        {"订单号999999999999999999", NULL},
        {"统一代码91350100M000100Y43", NULL},
        {"编号20261123000712345678", NULL},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void phones(void **state)
{
    static const struct sentence rows[] = {
        {"请打13800138000找老王", "请打[电话]找老王"},
        {"手机138 0013 8000、139-0013-9000", "手机[电话]、[电话]"},
        {"两个号13800138000 13900139000", "两个号[电话] [电话]"},
        {"+86 13800138000", "[电话]"},
        {"+8613800138000或86-13800138000", "[电话]或[电话]"},
        {"008613800138000", "[电话]"},
        {"手机１３８００１３８０００", "手机[电话]"},
        {"一三八零零一三八零零零是他的号", "[电话]是他的号"},
        {"座机010-62345678转801", "座机[电话]"},
        {"(010)62345678,0571-88888888-12", "[电话],[电话]"},
        {"(010)6234 5678", "[电话]"},
        {"0599 7654321漏水", "[电话]漏水"},
        {"01062345678", "[电话]"},
        {"联系电话:6234-5678", "联系电话:[电话]"},
        {"电话是62345678。", "电话是[电话]。"},
        {"同时拨打120、110。", NULL},
        {"打12345没人接,再打96156", NULL},
        {"编号12800138000", NULL},
        {"流水138001380001", NULL},
        {"日期20261123,坐标131.12345678", NULL},
        {"热线400-810-8888", NULL},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void flats(void **state)
{
    static const struct sentence rows[] = {
        {"502室漏水", "[房号]漏水"},
        {"5号楼502室内漏水", "5号楼[房号]内漏水"},
        {"12号楼502打隔断住14人", "12号楼[房号]打隔断住14人"},
        {"１２号楼５０２打隔断", "１２号楼[房号]打隔断"},
        {"3单元502", "3单元[房号]"},
        {"3号楼1单元 1203有人", "3号楼1单元 [房号]有人"},
        {"7栋502号房", "7栋[房号]"},
        {"5号房有人", "[房号]有人"},
        {"3号楼2单元3号着火", "3号楼2单元[房号]着火"},
        {"3号楼502号着火", "3号楼[房号]着火"},
        {"3#楼502起火", "3#楼[房号]起火"},
        {"B座1203", "B座[房号]"},
        {"A502室", "[房号]"},
        {"12号楼502A住户", "12号楼[房号]住户"},
        {"5楼502家里没人", "5楼[房号]家里没人"},
        {"12号楼502户主张某", "12号楼[房号]户主张某"},
        {"12号楼502楼上渗水", "12号楼[房号]楼上渗水"},
        {"12号楼502多次扰民", "12号楼[房号]多次扰民"},
        {"12号楼502、503漏水", "12号楼[房号]、[房号]漏水"},
        {"502、503、601室停电", "[房号]、[房号]、[房号]停电"},
        {"柳营一村2-1-502", "柳营一村2-1-[房号]"},
        {"12号楼2-502漏水", "12号楼2-[房号]漏水"},
        {"锦桥花园3-1201", "锦桥花园3-[房号]"},
        {"东堤路18号502", "东堤路18号[房号]"},
        {"五零二室有人", "[房号]有人"},
        {"12号楼五〇二有人", "12号楼[房号]有人"},
        {"家属楼502有人", "家属楼[房号]有人"},
        {"2门1102", "2门[房号]"},
        {"1单元5室", "1单元[房号]"},
        {"房间502、房号:1203", "房间[房号]、房号:[房号]"},
        {"1单元101、102、201户均停水,共3户", "1单元[房号]、[房号]、[房号]户均停水,共3户"},
        {"8#-2-1101", "8#-2-[房号]"},
        {"2号楼1层107号商铺", "2号楼1层[房号]商铺"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void not_flats(void **state)
{
    static const struct sentence rows[] = {
        {"3号楼1单元", NULL},
        {"5号院2号楼", NULL},
        {"东堤路18号", NULL},
        {"东堤路502号", NULL},
        {"东堤路18号房屋开裂", NULL},
        {"积水约60厘米", NULL},
        {"3号楼14人被困", NULL},
        {"12号楼126户居民停水", NULL},
        {"3号楼150人已疏散", NULL},
        {"两室一厅,3室2厅", NULL},
        {"12号楼3室1厅", NULL},
        {"7号楼380伏线路", NULL},
        {"7号楼380V线路", NULL},
        {"12号楼2026年建成", NULL},
        {"12号楼 2026-11-23报修", NULL},
        {"12号楼15:30停水", NULL},
        {"5楼3000多元", NULL},
        {"302会议室", NULL},
        {"约10-120人", NULL},
        {"12号楼200米外", NULL},
        {"东门502路公交", NULL},
        {"11月23号1015左右", NULL},
        {"有人跳楼120已到", NULL},
        {"第3网格", NULL},
        {"一层至六层住户约40人", NULL},
        {"每天15:30至17:00约20个摊位", NULL},
        {"第502号文件,车牌京A12345", NULL},
        {"5号楼地下室,配电室502开关", NULL},
        {"防护服60套/日,缺口约20人/班", NULL},
    };
    (void)state;
    CHECK_ALL(rows);
}

// The demo district's whistles: only the flat of no. 6 is anybody's own.
static void whistles(void **state)
{
    static const struct sentence rows[] = {
        {"居民反映3号楼1单元楼道燃气味很重,已疏散一层至六层住户约40人,楼内有两位行动不便老人,"
         "请立即到场"
         "关阀检测。",
         NULL},
        {"东堤路18号门前主管爆裂,路面大量涌水,东侧车道无法通行;东堤养老院(住养老人86人)已停水。",
         NULL},
        {"强降雨后染坊街下穿桥积水约60厘米,已有一辆小客车熄火,人员已脱困。", NULL},
        {"网格巡查发现7栋东侧一至四层有9户从窗口飞线给电动车充电,楼道停放12辆,物业劝阻无效。",
         NULL},
        {"12号楼502打隔断住14人,夜间扰民,卫生间私改,燃气软管老化。",
         "12号楼[房号]打隔断住14人,夜间扰民,卫生间私改,燃气软管老化。"},
        {"每天15:30至17:00约20个摊位占满人行道,孩子被迫走车行道,社区多次劝离后反弹。", NULL},
        {"北桥下游约200米河水发黑,岸边有疑似车间排口。", NULL},
        {"全楼24户中19户同意,一层两户担心采光;管线移改涉及燃气和电力。", NULL},
        {"接疾控通知锦桥花园2号楼列为管控单元,涉及126户318人,社区在岗6人,缺口约20人/班、防护服60套/"
         "日。",
         NULL},
        {"独居老人两天未接电话、院门内锁,村干部敲门无应答,请派人破门救助。", NULL},
        {"染坊街下凹桥积水约50公分", NULL},
        {"7号楼2单元也有煤气味。", NULL},
        {"槐荫里小区3号楼1单元", NULL},
        {"南钟楼5号院2号楼", NULL},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void kinds_are_chosen(void **state)
{
    static const char text[] = "12号楼502,13800138000";
    struct wh_arena arena;
    struct wh_mask_span spans[SPANS];
    const char *masked;
    size_t len;
    (void)state;
    wh_arena_init(&arena, 4096);
    size_t n = wh_mask_find(text, strlen(text), spans, SPANS);
    assert_int_equal(n, 2);
    assert_int_equal(spans[0].kind, WH_MASK_FLAT);
    assert_int_equal(spans[1].kind, WH_MASK_PHONE);
    assert_int_equal(
        wh_mask_apply(&arena, text, strlen(text), spans, n, WH_MASK_PHONE, &masked, &len), 0);
    assert_string_equal(masked, "12号楼502,[电话]");
    struct wh_mask_span swapped[] = {spans[1], spans[0]};
    assert_int_equal(
        wh_mask_apply(&arena, text, strlen(text), swapped, 2, WH_MASK_ALL, &masked, &len),
        WH_E_INVALID);
    wh_arena_done(&arena);
    wh_arena_init(&arena, 8);
    assert_int_equal(
        wh_mask_apply(&arena, text, strlen(text), spans, n, WH_MASK_ALL, &masked, &len),
        WH_E_NOMEM);
}

static void too_many_hide_more(void **state)
{
    static const char text[] = "13800138000,502室,13900139000,完";
    struct wh_arena arena;
    struct wh_mask_span spans[2];
    const char *masked;
    size_t len;
    (void)state;
    wh_arena_init(&arena, 4096);
    assert_int_equal(wh_mask_find(text, strlen(text), spans, 2), 2);
    assert_int_equal(
        wh_mask_apply(&arena, text, strlen(text), spans, 2, WH_MASK_ALL, &masked, &len), 0);
    assert_string_equal(masked, "[电话],[已隐去],完");
    assert_int_equal(wh_mask_find(text, strlen(text), spans, 0), 0);
    wh_arena_done(&arena);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static size_t random_text(uint64_t *seed, char *text, size_t max)
{
    static const char *const parts[] = {
        "12号楼", "3单元", "502",         "室",   "人",       "-",
        " ",      "、",    "13800138000", "0571", "88888888", "11010519491231002X",
        "+86",    "(",     ")",           "一",   "零",       "五",
        "号",     "房",    "楼",          "户",   "A",        "X",
        "5",      "0",     "约",          "电话", "\xff",     "\xe4\xb8",
        "１",     "月",    "东堤路",      "厘米", ":",        "2026"};
    size_t len = 0, n = next_random(seed) % 20;
    for (size_t i = 0; i < n; i++) {
        const char *part = parts[next_random(seed) % (sizeof parts / sizeof *parts)];
        if (len + strlen(part) >= max)
            break;
        memcpy(text + len, part, strlen(part));
        len += strlen(part);
    }
    return len;
}

static void random_mixtures(void **state)
{
    uint64_t seed = 20261123;
    char text[400];
    struct wh_arena arena;
    (void)state;
    wh_arena_init(&arena, 1 << 16);
    for (int round = 0; round < 200000; round++) {
        struct wh_mask_span spans[8];
        const char *masked;
        size_t len = random_text(&seed, text, sizeof text), masked_len, end = 0, at = 0;
        size_t n = wh_mask_find(text, len, spans, 8);
        assert_int_equal(
            wh_mask_apply(&arena, text, len, spans, n, WH_MASK_ALL, &masked, &masked_len), 0);
        for (size_t i = 0; i < n; i++) {
            assert_true(spans[i].from >= end && spans[i].from < spans[i].to && spans[i].to <= len);
            size_t gap = spans[i].from - end;
            assert_memory_equal(masked + at, text + end, gap);
            const char *close = memchr(masked + at + gap, ']', masked_len - at - gap);
            assert_non_null(close);
            at = (size_t)(close - masked) + 1;
            end = spans[i].to;
        }
        assert_int_equal(masked_len - at, len - end);
        assert_memory_equal(masked + at, text + end, len - end);
        assert_true(!wh_utf8_valid(text, len) || wh_utf8_valid(masked, masked_len));
        wh_arena_reset(&arena);
    }
    wh_arena_done(&arena);
}

// Whatever stands around it, a mobile number between words never survives.
static void mobiles_never_survive(void **state)
{
    uint64_t seed = 7;
    char text[1000], head[400];
    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct wh_mask_span spans[SPANS];
        size_t head_n = random_text(&seed, head, sizeof head);
        size_t at = head_n + strlen("请找");
        int n = snprintf(text, sizeof text, "%.*s请找13%09u谢谢", (int)head_n, head,
                         (unsigned)(next_random(&seed) % 1000000000u));
        size_t found = wh_mask_find(text, (size_t)n, spans, SPANS), i = 0;
        while (i < found && !(spans[i].from <= at && spans[i].to >= at + 11))
            i++;
        assert_true(i < found);
    }
}

// A text crafted to be slow: the time stays linear.
static void long_texts(void **state)
{
    static char text[300000];
    static const char *const fills[] = {"一", "1", "502、", "A1", "(0", "一1", "3-", "电话2"};
    struct wh_mask_span spans[SPANS];
    (void)state;
    for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
        size_t width = strlen(fills[f]), len = 0;
        for (; len + width <= sizeof text; len += width)
            memcpy(text + len, fills[f], width);
        assert_true(wh_mask_find(text, len, spans, SPANS) <= SPANS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_numbers),
        cmocka_unit_test(phones),
        cmocka_unit_test(flats),
        cmocka_unit_test(not_flats),
        cmocka_unit_test(whistles),
        cmocka_unit_test(kinds_are_chosen),
        cmocka_unit_test(too_many_hide_more),
        cmocka_unit_test(random_mixtures),
        cmocka_unit_test(mobiles_never_survive),
        cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
