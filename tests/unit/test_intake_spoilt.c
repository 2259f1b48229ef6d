// SPDX-License-Identifier: Apache-2.0
// Every way to spoil a raise is refused with its field and its rule: one function a way, one table
// of what each is to be told.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/intake_raise.h"

static char long_text[60000];
static const char *repeat(const char *piece, int n)
{
    long_text[0] = 0;
    char *end = long_text;
    for (int i = 0; i < n; i++)
        end = stpcpy(end, piece);
    return long_text;
}

static Whistle__V1__QuestionAnswer **answer(const char *code, const char *value)
{
    Whistle__V1__QuestionAnswer **list = wh_arena_calloc(&raise_arena, 1, sizeof(*list));
    list[0] = wh_arena_alloc(&raise_arena, sizeof(**list));
    whistle__v1__question_answer__init(list[0]);
    list[0]->code = S(code);
    list[0]->value = S(value);
    return list;
}

static Whistle__V1__Need *need(Raise *r, int kind)
{
    r->needs = wh_arena_calloc(&raise_arena, 1, sizeof(*r->needs));
    r->needs[0] = wh_arena_alloc(&raise_arena, sizeof(**r->needs));
    whistle__v1__need__init(r->needs[0]);
    r->needs[0]->kind = (Whistle__V1__NeedKind)kind;
    r->needs[0]->count = 1;
    r->n_needs = 1;
    return r->needs[0];
}

static Whistle__V1__Reporter *reporter(Raise *r)
{
    r->reporter = wh_arena_alloc(&raise_arena, sizeof(*r->reporter));
    whistle__v1__reporter__init(r->reporter);
    return r->reporter;
}

static void no_unit(Raise *r)
{
    r->unit = S("");
}
static void other_unit(Raise *r)
{
    r->unit = S("990101003");
}
static void unknown_unit(Raise *r)
{
    r->unit = S("990101999");
}
static void no_category(Raise *r)
{
    r->category = S("");
}
static void unknown_category(Raise *r)
{
    r->category = S("NONE");
}
static void no_title(Raise *r)
{
    r->title = S("");
}
static void blank_title(Raise *r)
{
    r->title = S("  ");
}
static void long_title(Raise *r)
{
    r->title = S(repeat("灯", 101));
}
static void two_lines(Raise *r)
{
    r->title = S("一\n二");
}
static void long_words(Raise *r)
{
    r->text = S(repeat("灯", 5001));
}
static void control(Raise *r)
{
    r->text = S("a\x01");
}
static void priority(Raise *r)
{
    r->priority = (Whistle__V1__Priority)5;
}
static void p1_no_reason(Raise *r)
{
    r->priority = WHISTLE__V1__PRIORITY__PRIORITY_P1;
}
static void place_unknown(Raise *r)
{
    raise_place(r)->unit = S("990101002999");
}
static void place_foreign(Raise *r)
{
    raise_place(r)->unit = S("990101003001");
}
static void place_street(Raise *r)
{
    raise_place(r)->unit = S("990101003");
}
static void place_district(Raise *r)
{
    raise_place(r)->unit = S("990101");
}
static void place_body(Raise *r)
{
    raise_place(r)->unit = S("FIRE");
}
static void grid_unknown(Raise *r)
{
    raise_place(r)->grid = S("990101002003999");
}
static void grid_no_grid(Raise *r)
{
    raise_place(r)->grid = S(COMMUNITY);
}
static void grid_foreign(Raise *r)
{
    raise_place(r)->grid = S("990101003001001");
}
static void grid_other(Raise *r)
{
    raise_place(r)->unit = S("990101002001");
    r->place->grid = S("990101002003001");
}
static void point(Raise *r, double lat, double lon)
{
    raise_place(r)->lat_is_case = WHISTLE__V1__PLACE__LAT_IS_LAT;
    r->place->lon_is_case = WHISTLE__V1__PLACE__LON_IS_LON;
    r->place->lat = lat;
    r->place->lon = lon;
}
static void half_point(Raise *r)
{
    point(r, 39.1, 115.9);
    r->place->lon_is_case = WHISTLE__V1__PLACE__LON_IS__NOT_SET;
}
static void lat_nan(Raise *r)
{
    point(r, NAN, 115.9);
}
static void lat_90(Raise *r)
{
    point(r, 90.001, 115.9);
}
static void lon_inf(Raise *r)
{
    point(r, 39.1, INFINITY);
}
static void far(Raise *r)
{
    point(r, 39.1, 117.5);
}
static void swapped(Raise *r)
{
    point(r, 15.9, 39.1);
}
static void long_address(Raise *r)
{
    raise_place(r)->address = S(repeat("路", 201));
}
static void tag_empty(Raise *r)
{
    r->tags = raise_texts("", "a"), r->n_tags = 2;
}
static void tag_long(Raise *r)
{
    r->tags = raise_texts(repeat("a", 33), "b"), r->n_tags = 2;
}
static void tag_twice(Raise *r)
{
    r->tags = raise_texts("a", "a"), r->n_tags = 2;
}
static void tag_phone(Raise *r)
{
    r->tags = raise_texts("a", "电话13912345678"), r->n_tags = 2;
}
static void tags_many(Raise *r)
{
    r->tags = wh_arena_calloc(&raise_arena, 17, sizeof(*r->tags));
    for (int i = 0; i < 17; i++)
        r->tags[i] = S("a");
    r->n_tags = 17;
}
static void flooding(Raise *r, const char *code, const char *value)
{
    r->category = S("FLOODING");
    r->answers = answer(code, value);
    r->n_answers = 1;
}
static void answer_unknown(Raise *r)
{
    flooding(r, "colour", "red");
}
static void answer_text(Raise *r)
{
    flooding(r, "depth_cm", "deep");
}
static void answer_float(Raise *r)
{
    flooding(r, "depth_cm", "1.5");
}
static void answer_range(Raise *r)
{
    flooding(r, "depth_cm", "501");
}
static void answer_minus(Raise *r)
{
    flooding(r, "depth_cm", "-1");
}
static void answer_bool(Raise *r)
{
    flooding(r, "trapped", "yes");
}
static void answer_choice(Raise *r)
{
    flooding(r, "smell_where", "屋顶");
    r->category = S("GAS_LEAK");
}
static void joint_self(Raise *r)
{
    r->joint_units = raise_texts(STREET, NULL), r->n_joint_units = 1;
}
static void joint_low(Raise *r)
{
    r->joint_units = raise_texts(COMMUNITY, NULL), r->n_joint_units = 1;
}
static void joint_body(Raise *r)
{
    r->joint_units = raise_texts("FIRE", NULL), r->n_joint_units = 1;
}
static void joint_none(Raise *r)
{
    r->joint_units = raise_texts("NOBODY", NULL), r->n_joint_units = 1;
}
static void to_by_street(Raise *r)
{
    r->to = raise_texts("990101003", NULL), r->n_to = 1;
}
static void need_kind(Raise *r)
{
    need(r, 0);
}
static void need_count(Raise *r)
{
    need(r, 1)->count = 0;
}
static void need_many(Raise *r)
{
    need(r, 1)->count = 100001;
}
static void need_no_item(Raise *r)
{
    need(r, 3);
}
static void need_item(Raise *r)
{
    need(r, 1)->item = S("PPE_SUIT");
}
static void need_skill(Raise *r)
{
    need(r, 3)->skill = S("值守"), r->needs[0]->item = S("X");
}
static void need_times(Raise *r)
{
    need(r, 2)->from_at = 2000, r->needs[0]->to_at = 2000;
}
static void long_name(Raise *r)
{
    reporter(r)->name = S(repeat("甲", 65));
}
static void short_phone(Raise *r)
{
    reporter(r)->phone = S("12");
}
static void phone_letters(Raise *r)
{
    reporter(r)->phone = S("139x12345678");
}
static void phone_long(Raise *r)
{
    reporter(r)->phone = S("139123456781391234567");
}
static void source_department(Raise *r)
{
    r->source = WHISTLE__V1__SOURCE__SOURCE_DEPARTMENT;
}
static void source_out(Raise *r)
{
    r->source = (Whistle__V1__Source)8;
}
static void asked_foreign(Raise *r)
{
    r->asked_by = S("990101003001");
}
static void asked_street(Raise *r)
{
    r->asked_by = S(STREET);
}
static void asked_unknown(Raise *r)
{
    r->asked_by = S("NOBODY");
}
static void reason_id(Raise *r)
{
    r->reason = S("身份证11010519491231002X");
}
static void attachments(Raise *r)
{
    r->attachments = raise_texts("a", ""), r->n_attachments = 2;
}

static const struct {
    void (*spoil)(Raise *raise);
    const char *field;
    enum wh_rule rule;
} spoilt[] = {
    {no_unit, "unit", WH_RULE_FIELD_MISSING},
    {other_unit, "unit", WH_RULE_SCOPE_FOREIGN},
    {unknown_unit, "unit", WH_RULE_FIELD_UNKNOWN},
    {no_category, "category", WH_RULE_FIELD_MISSING},
    {unknown_category, "category", WH_RULE_FIELD_UNKNOWN},
    {no_title, "title", WH_RULE_FIELD_MISSING},
    {blank_title, "title", WH_RULE_FIELD_MISSING},
    {long_title, "title", WH_RULE_FIELD_LENGTH},
    {two_lines, "title", WH_RULE_FIELD_FORMAT},
    {long_words, "text", WH_RULE_FIELD_LENGTH},
    {control, "text", WH_RULE_FIELD_NUL},
    {priority, "priority", WH_RULE_FIELD_ENUM},
    {p1_no_reason, "reason", WH_RULE_FIELD_MISSING},
    {place_unknown, "place.unit", WH_RULE_FIELD_UNKNOWN},
    {place_foreign, "place.unit", WH_RULE_PLACE_UNIT},
    {place_street, "place.unit", WH_RULE_PLACE_UNIT},
    {place_district, "place.unit", WH_RULE_PLACE_UNIT},
    {place_body, "place.unit", WH_RULE_FIELD_UNKNOWN},
    {grid_unknown, "place.grid", WH_RULE_FIELD_UNKNOWN},
    {grid_no_grid, "place.grid", WH_RULE_FIELD_UNKNOWN},
    {grid_foreign, "place.grid", WH_RULE_PLACE_UNIT},
    {grid_other, "place.grid", WH_RULE_PLACE_GRID},
    {half_point, "place.lon", WH_RULE_FIELD_MISSING},
    {lat_nan, "place.lat", WH_RULE_FIELD_RANGE},
    {lat_90, "place.lat", WH_RULE_FIELD_RANGE},
    {lon_inf, "place.lon", WH_RULE_FIELD_RANGE},
    {far, "place.lat", WH_RULE_PLACE_FAR},
    {swapped, "place.lat", WH_RULE_PLACE_FAR},
    {long_address, "place.address", WH_RULE_FIELD_LENGTH},
    {tag_empty, "tags[0]", WH_RULE_FIELD_MISSING},
    {tag_long, "tags[0]", WH_RULE_FIELD_LENGTH},
    {tag_twice, "tags[1]", WH_RULE_FIELD_TWICE},
    {tag_phone, "tags[1]", WH_RULE_FIELD_PERSONAL},
    {tags_many, "tags", WH_RULE_FIELD_COUNT},
    {answer_unknown, "answers[0].code", WH_RULE_FIELD_UNKNOWN},
    {answer_text, "answers[0].value", WH_RULE_FIELD_FORMAT},
    {answer_float, "answers[0].value", WH_RULE_FIELD_FORMAT},
    {answer_range, "answers[0].value", WH_RULE_FIELD_RANGE},
    {answer_minus, "answers[0].value", WH_RULE_FIELD_RANGE},
    {answer_bool, "answers[0].value", WH_RULE_FIELD_FORMAT},
    {answer_choice, "answers[0].value", WH_RULE_FIELD_ENUM},
    {joint_self, "joint_units[0]", WH_RULE_RAISE_JOINT},
    {joint_low, "joint_units[0]", WH_RULE_RAISE_JOINT},
    {joint_body, "joint_units[0]", WH_RULE_RAISE_JOINT},
    {joint_none, "joint_units[0]", WH_RULE_FIELD_UNKNOWN},
    {to_by_street, "to[0]", WH_RULE_RAISE_TO},
    {need_kind, "needs[0].kind", WH_RULE_FIELD_MISSING},
    {need_count, "needs[0].count", WH_RULE_FIELD_RANGE},
    {need_many, "needs[0].count", WH_RULE_FIELD_RANGE},
    {need_no_item, "needs[0].item", WH_RULE_FIELD_MISSING},
    {need_item, "needs[0].item", WH_RULE_NEED_FIELDS},
    {need_skill, "needs[0].skill", WH_RULE_NEED_FIELDS},
    {need_times, "needs[0].to_at", WH_RULE_FIELD_RANGE},
    {long_name, "reporter.name", WH_RULE_FIELD_LENGTH},
    {short_phone, "reporter.phone", WH_RULE_FIELD_LENGTH},
    {phone_letters, "reporter.phone", WH_RULE_FIELD_FORMAT},
    {phone_long, "reporter.phone", WH_RULE_FIELD_LENGTH},
    {source_department, "source", WH_RULE_RAISE_SOURCE},
    {source_out, "source", WH_RULE_FIELD_ENUM},
    {asked_foreign, "asked_by", WH_RULE_RAISE_ASKED_BY},
    {asked_street, "asked_by", WH_RULE_RAISE_ASKED_BY},
    {asked_unknown, "asked_by", WH_RULE_FIELD_UNKNOWN},
    {reason_id, "reason", WH_RULE_FIELD_PERSONAL},
    {attachments, "attachments[1]", WH_RULE_FIELD_MISSING},
};

static void what_is_spoilt_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        struct admitted admitted;
        struct fault fault;
        wh_arena_reset(&raise_arena);
        Raise *raise = raise_plain(STREET, "STREET_LIGHT");
        spoilt[i].spoil(raise);
        int rc = raise_ask(raise, STREET, &admitted, &fault);
        if (rc != WH_E_INVALID || fault.rule != spoilt[i].rule ||
            strcmp(fault.field, spoilt[i].field) != 0)
            fail_msg("case %zu wants %s %s, got %s %s", i, spoilt[i].field,
                     wh_rule_info(spoilt[i].rule)->name, fault.field,
                     wh_rule_info(fault.rule)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_spoilt_is_named),
    };
    return cmocka_run_group_tests(tests, raise_set_up, raise_tear_down);
}
