// SPDX-License-Identifier: Apache-2.0
// A whistle's form, field by field in the message's order.
#include <stdio.h>
#include <string.h>

#include "base/geo.h"
#include "base/id.h"
#include "base/time.h"
#include "intake/wire.h"
#include "intake/wire_field.h"

struct reading {
    const Whistle__V1__RaiseWhistle *from;
    struct raise *to;
    struct fault *fault;
    char field[64];
};

static const char *path_at(struct reading *r, const char *list, size_t i, const char *member)
{
    (void)snprintf(r->field, sizeof(r->field), "%s[%zu]%s", list, i, member);
    return r->field;
}

static int read_texts(struct reading *r)
{
    const Whistle__V1__RaiseWhistle *from = r->from;
    if (field_code(from->unit, true, r->fault, "unit") != 0 ||
        field_code(from->category, true, r->fault, "category") != 0 ||
        field_line(from->title, true, RAISE_TITLE_MAX, r->fault, "title") != 0 ||
        field_text(from->text, false, RAISE_TEXT_MAX, r->fault, "text") != 0 ||
        field_priority((int)from->priority, r->fault, "priority") != 0)
        return WH_E_INVALID;
    r->to->unit = from->unit;
    r->to->category = from->category;
    r->to->title = from->title;
    r->to->text = from->text;
    r->to->priority = (int)from->priority;
    r->to->drill = from->drill;
    return 0;
}

static int read_place(struct reading *r)
{
    const Whistle__V1__Place *from = r->from->place;
    struct raise_place *to = &r->to->place;
    *to = (struct raise_place){.unit = "", .address = "", .grid = ""};
    if (from == NULL)
        return 0;
    if (field_code(from->unit, false, r->fault, "place.unit") != 0 ||
        field_line(from->address, false, RAISE_ADDRESS_MAX, r->fault, "place.address") != 0)
        return WH_E_INVALID;
    bool lat = from->lat_is_case == WHISTLE__V1__PLACE__LAT_IS_LAT;
    bool lon = from->lon_is_case == WHISTLE__V1__PLACE__LON_IS_LON;
    if (lat != lon)
        return fault_set(r->fault, WH_RULE_FIELD_MISSING, lat ? "place.lon" : "place.lat");
    if (lat && !wh_geo_valid(from->lat, 0))
        return fault_set(r->fault, WH_RULE_FIELD_RANGE, "place.lat");
    if (lat && !wh_geo_valid(0, from->lon))
        return fault_set(r->fault, WH_RULE_FIELD_RANGE, "place.lon");
    if (field_code(from->grid, false, r->fault, "place.grid") != 0)
        return WH_E_INVALID;
    *to = (struct raise_place){.unit = from->unit, .address = from->address, .grid = from->grid};
    to->has_point = lat;
    to->lat = lat ? from->lat : 0;
    to->lon = lat ? from->lon : 0;
    return 0;
}

struct list {
    const char *name;
    char *const *from;
    size_t n;
    const char **to;
    size_t max;
    size_t max_chars; // 0: codes
};

// A list of short texts, each given once.
static int read_list(struct reading *r, const struct list *list)
{
    if (list->n > list->max)
        return fault_set(r->fault, WH_RULE_FIELD_COUNT, "%s", list->name);
    for (size_t i = 0; i < list->n; i++) {
        const char *text = list->from[i];
        path_at(r, list->name, i, "");
        int rc = list->max_chars == 0 ? field_code(text, true, r->fault, r->field)
                                      : field_line(text, true, list->max_chars, r->fault, r->field);
        if (rc != 0)
            return rc;
        for (size_t j = 0; j < i; j++)
            if (strcmp(list->from[j], text) == 0)
                return fault_set(r->fault, WH_RULE_FIELD_TWICE, "%s", r->field);
        list->to[i] = text;
    }
    return 0;
}

static int read_tags(struct reading *r)
{
    struct list tags = {"tags",      r->from->tags,  r->from->n_tags,
                        r->to->tags, RAISE_TAGS_MAX, RAISE_TAG_MAX};
    r->to->n_tags = tags.n;
    return read_list(r, &tags);
}

static int read_joint(struct reading *r)
{
    struct list joint = {"joint_units", r->from->joint_units, r->from->n_joint_units,
                         r->to->joint,  RAISE_JOINT_MAX,      0};
    r->to->n_joint = joint.n;
    return read_list(r, &joint);
}

static int read_to(struct reading *r)
{
    struct list to = {"to", r->from->to, r->from->n_to, r->to->to, RAISE_TO_MAX, 0};
    r->to->n_to = to.n;
    return read_list(r, &to);
}

static int read_attachments(struct reading *r)
{
    struct list attachments = {"attachments",      r->from->attachments,  r->from->n_attachments,
                               r->to->attachments, RAISE_ATTACHMENTS_MAX, RAISE_ATTACHMENT_MAX};
    r->to->n_attachments = attachments.n;
    return read_list(r, &attachments);
}

// PEOPLE and CADRE may name a skill, SUPPLY names an item.
static int check_need(struct reading *r, size_t i)
{
    const Whistle__V1__Need *need = r->from->needs[i];
    bool supply = need->kind == WHISTLE__V1__NEED_KIND__NEED_KIND_SUPPLY;
    if (need->kind == 0)
        return fault_set(r->fault, WH_RULE_FIELD_MISSING, "%s", path_at(r, "needs", i, ".kind"));
    if ((int)need->kind < 0 || need->kind > WHISTLE__V1__NEED_KIND__NEED_KIND_SUPPLY)
        return fault_set(r->fault, WH_RULE_FIELD_ENUM, "%s", path_at(r, "needs", i, ".kind"));
    if (field_line(need->skill, false, 32, r->fault, path_at(r, "needs", i, ".skill")) != 0)
        return WH_E_INVALID;
    if (supply && need->skill[0] != 0)
        return fault_set(r->fault, WH_RULE_NEED_FIELDS, "%s", r->field);
    if (field_line(need->item, supply, 32, r->fault, path_at(r, "needs", i, ".item")) != 0)
        return WH_E_INVALID;
    if (!supply && need->item[0] != 0)
        return fault_set(r->fault, WH_RULE_NEED_FIELDS, "%s", r->field);
    if (need->count < 1 || need->count > RAISE_COUNT_MAX)
        return fault_set(r->fault, WH_RULE_FIELD_RANGE, "%s", path_at(r, "needs", i, ".count"));
    if ((int)need->per < 0 || need->per > WHISTLE__V1__NEED_PER__NEED_PER_ONCE)
        return fault_set(r->fault, WH_RULE_FIELD_ENUM, "%s", path_at(r, "needs", i, ".per"));
    if (need->from_at < 0 || need->from_at > WH_TIME_MAX)
        return fault_set(r->fault, WH_RULE_FIELD_RANGE, "%s", path_at(r, "needs", i, ".from_at"));
    if (need->to_at < 0 || need->to_at > WH_TIME_MAX ||
        (need->to_at != 0 && need->to_at <= need->from_at))
        return fault_set(r->fault, WH_RULE_FIELD_RANGE, "%s", path_at(r, "needs", i, ".to_at"));
    return 0;
}

static int read_needs(struct reading *r)
{
    if (r->from->n_needs > RAISE_NEEDS_MAX)
        return fault_set(r->fault, WH_RULE_FIELD_COUNT, "needs");
    for (size_t i = 0; i < r->from->n_needs; i++) {
        const Whistle__V1__Need *need = r->from->needs[i];
        if (check_need(r, i) != 0)
            return WH_E_INVALID;
        r->to->needs[i] = (struct raise_need){.kind = (int)need->kind,
                                              .per = (int)need->per,
                                              .count = need->count,
                                              .skill = need->skill,
                                              .item = need->item,
                                              .from_at = need->from_at,
                                              .to_at = need->to_at};
    }
    r->to->n_needs = r->from->n_needs;
    return 0;
}

// Digits, + - and blanks, 3 to 20 of them, at least three digits.
static int check_phone(struct reading *r, const char *phone)
{
    size_t n = strlen(phone), digits = 0;
    if (n < 3 || n > 20)
        return fault_set(r->fault, WH_RULE_FIELD_LENGTH, "reporter.phone");
    for (size_t i = 0; i < n; i++)
        digits += phone[i] >= '0' && phone[i] <= '9';
    if (n != strspn(phone, "0123456789+- ") || digits < 3)
        return fault_set(r->fault, WH_RULE_FIELD_FORMAT, "reporter.phone");
    return 0;
}

static int read_reporter(struct reading *r)
{
    const Whistle__V1__Reporter *from = r->from->reporter;
    r->to->reporter_name = r->to->reporter_phone = r->to->reporter_email = "";
    if (from == NULL)
        return 0;
    if (field_line(from->name, false, RAISE_NAME_MAX, r->fault, "reporter.name") != 0)
        return WH_E_INVALID;
    if (from->phone[0] != 0 && check_phone(r, from->phone) != 0)
        return WH_E_INVALID;
    if (field_line(from->email, false, RAISE_EMAIL_MAX, r->fault, "reporter.email") != 0)
        return WH_E_INVALID;
    if (from->email[0] != 0 && (from->email[0] == '@' || strchr(from->email, '@') == NULL))
        return fault_set(r->fault, WH_RULE_FIELD_FORMAT, "reporter.email");
    r->to->reporter_name = from->name;
    r->to->reporter_email = from->email;
    r->to->reporter_phone = from->phone;
    return 0;
}

static int read_same_as(struct reading *r)
{
    char prefix[WH_PREFIX_MAX + 1];
    int64_t id = 0;
    r->to->same_as = r->from->same_as;
    if (r->from->same_as[0] != 0 && wh_number_parse(r->from->same_as, prefix, &id) != 0)
        return fault_set(r->fault, WH_RULE_FIELD_FORMAT, "same_as");
    return 0;
}

static int read_rest(struct reading *r)
{
    const Whistle__V1__RaiseWhistle *from = r->from;
    if (read_reporter(r) != 0)
        return WH_E_INVALID;
    if ((int)from->source < 0 || from->source > WHISTLE__V1__SOURCE__SOURCE_OPEN311)
        return fault_set(r->fault, WH_RULE_FIELD_ENUM, "source");
    if (field_text(from->reason, false, RAISE_REASON_MAX, r->fault, "reason") != 0 ||
        read_to(r) != 0 || read_same_as(r) != 0 ||
        field_code(from->asked_by, false, r->fault, "asked_by") != 0)
        return WH_E_INVALID;
    r->to->source = (int)from->source;
    r->to->reason = from->reason;
    r->to->asked_by = from->asked_by;
    return read_attachments(r);
}

int wire_raise(const Whistle__V1__RaiseWhistle *message, struct raise *ret_raise,
               struct fault *fault)
{
    struct reading r = {.from = message, .to = ret_raise, .fault = fault};
    memset(ret_raise, 0, sizeof(*ret_raise));
    if (read_texts(&r) != 0 || read_place(&r) != 0 || read_tags(&r) != 0 ||
        field_answers(message->answers, message->n_answers, ret_raise->answers,
                      &ret_raise->n_answers, fault) != 0 ||
        read_joint(&r) != 0 || read_needs(&r) != 0)
        return WH_E_INVALID;
    return read_rest(&r);
}
