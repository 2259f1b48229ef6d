// SPDX-License-Identifier: Apache-2.0
// The form's data, "reported already?", a report and "I have that too".
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "gateway/handler_district.h"
#include "gateway/handler_public.h"
#include "gateway/handler_reply.h"
#include "gateway/public_category.h"
#include "gateway/public_place.h"
#include "gateway/public_report.h"
#include "gateway/public_ticket.h"
#include "whistle/v1/dedup.pb-c.h"

#define P1 WHISTLE__V1__PRIORITY__PRIORITY_P1
#define WEB WHISTLE__V1__SOURCE__SOURCE_WEB
#define MATCHES_MAX 5

static char *borrowed(const char *text)
{
    return (char *)(uintptr_t)text;
}

// ---- the form's data ----------------------------------------------------------------------------

static bool put_categories(struct wh_arena *arena, const struct wh_district *district,
                           Whistle__V1__PublicForm *form)
{
    size_t n = 0;
    const struct wh_category *list = wh_district_categories(district, &n);
    Whistle__V1__PublicCategory *rows = wh_arena_calloc(arena, n + 1, sizeof *rows);
    form->categories = wh_arena_calloc(arena, n + 1, sizeof *form->categories);
    if (rows == NULL || form->categories == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const Whistle__V1__Category *row = list[i].row;
        Whistle__V1__PublicCategory *to = &rows[form->n_categories];
        if (!category_is_public(&list[i]))
            continue;
        whistle__v1__public_category__init(to);
        to->code = row->code;
        to->zh = borrowed(category_public_name(&list[i], false));
        to->en = borrowed(category_public_name(&list[i], true));
        to->priority = row->priority;
        to->advice_zh = row->advice_zh;
        to->advice_en = row->advice_en;
        to->questions = row->questions;
        to->n_questions = row->n_questions;
        form->categories[form->n_categories++] = to;
    }
    return true;
}

static void put_unit(const struct wh_district *district, const struct wh_unit *unit,
                     Whistle__V1__PublicUnit *to)
{
    const struct wh_unit *street = wh_district_street_of(district, unit);
    whistle__v1__public_unit__init(to);
    to->code = unit->row->code;
    to->zh = unit->row->zh;
    to->en = unit->row->en;
    if (street != NULL) {
        to->street = street->row->code;
        to->street_zh = street->row->zh;
        to->street_en = street->row->en;
    }
    if (unit->has_place) {
        to->lat_is_case = WHISTLE__V1__PUBLIC_UNIT__LAT_IS_LAT;
        to->lat = unit->lat;
        to->lon_is_case = WHISTLE__V1__PUBLIC_UNIT__LON_IS_LON;
        to->lon = unit->lon;
    }
}

static bool put_communities(struct wh_arena *arena, const struct wh_district *district,
                            Whistle__V1__PublicForm *form)
{
    size_t n = 0, found = 0;
    const struct wh_party *parties = wh_district_parties(district, &n);
    for (size_t i = 0; i < n; i++)
        found += parties[i].unit != NULL && wh_unit_is_community(parties[i].unit);
    Whistle__V1__PublicUnit *rows = wh_arena_calloc(arena, found + 1, sizeof *rows);
    form->communities = wh_arena_calloc(arena, found + 1, sizeof *form->communities);
    if (rows == NULL || form->communities == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (parties[i].unit == NULL || !wh_unit_is_community(parties[i].unit))
            continue;
        put_unit(district, parties[i].unit, &rows[form->n_communities]);
        form->communities[form->n_communities] = &rows[form->n_communities];
        form->n_communities++;
    }
    return true;
}

void on_public_form(struct gateway_ask *ask)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicForm form = WHISTLE__V1__PUBLIC_FORM__INIT;
    char ticket[PUBLIC_TICKET_MAX];
    if (district == NULL) {
        reply_rule(ask, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    public_new_ticket(ask->gateway, ticket);
    form.version = wh_district_version(district);
    form.now_at = wh_wall_now();
    form.ticket = ticket;
    if (!put_categories(ask->arena, district, &form) ||
        !put_communities(ask->arena, district, &form))
        reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
    else
        reply_message(ask, 200, &form.base);
}

// ---- a body that is about a category open to residents ------------------------------------------

// NULL: answered.
static Whistle__V1__PublicReport *read_report(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    ProtobufCMessage *message = public_body(ask, &fault);
    if (message == NULL) {
        reply_fault(ask, &fault);
        return NULL;
    }
    if (gateway_district(ask->gateway) == NULL) {
        reply_rule(ask, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return NULL;
    }
    return (Whistle__V1__PublicReport *)message;
}

// Robots and floods, but never a P1. False: answered.
static bool admit(struct gateway_ask *ask, int priority, const char *ticket, const char *website)
{
    if (priority == P1)
        return true;
    if (website[0] != 0) {
        reply_rule(ask, WH_RULE_PUBLIC_ROBOT, "website", NULL);
        return false;
    }
    if (!public_ticket_is_good(ask->gateway, ticket)) {
        reply_rule(ask, WH_RULE_PUBLIC_TICKET, "ticket", NULL);
        return false;
    }
    int64_t wait = public_admit_report(ask);
    if (wait > 0)
        public_refuse_often(ask, wait);
    return wait == 0;
}

// ---- "reported already?" ------------------------------------------------------------------------

struct looking {
    int64_t ids[MATCHES_MAX];
    bool likely[MATCHES_MAX];
    size_t n;
};

static void put_match(const struct gateway_ask *ask, const struct public_row *row,
                      Whistle__V1__PublicMatches *matches)
{
    const struct looking *looking = ask->data;
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicMatch *match = wh_arena_alloc(ask->arena, sizeof *match);
    size_t i = 0;
    while (i < looking->n && looking->ids[i] != row->id)
        i++;
    if (match == NULL || district == NULL || i == looking->n || !public_row_is_shown(district, row))
        return;
    whistle__v1__public_match__init(match);
    match->card = public_card(district, row, ask->arena);
    match->likely = looking->likely[i];
    if (match->card != NULL)
        matches->matches[matches->n_matches++] = match;
}

static void got_cards(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    Whistle__V1__PublicMatches matches = WHISTLE__V1__PUBLIC_MATCHES__INIT;
    Whistle__V1__PublicMatch *list[MATCHES_MAX];
    struct public_row row;
    if (status != 0) {
        reply_silent(ask, status);
        return;
    }
    matches.matches = list;
    for (int i = 0; i < PQntuples(result) && i < MATCHES_MAX; i++)
        if (public_read_card(result, i, ask->arena, &row) == 0)
            put_match(ask, &row, &matches);
    reply_message(ask, 200, &matches.base);
}

static void keep_likeness(struct looking *looking, const Whistle__V1__Likeness *like)
{
    char prefix[WH_PREFIX_MAX + 1];
    bool shown =
        like->band == WHISTLE__V1__BAND__BAND_SAME || like->band == WHISTLE__V1__BAND__BAND_PERHAPS;
    if (!shown || looking->n == MATCHES_MAX ||
        wh_number_parse(like->number, prefix, &looking->ids[looking->n]) != 0)
        return;
    looking->likely[looking->n++] = like->band == WHISTLE__V1__BAND__BAND_SAME;
}

static void got_matches(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct looking *looking = ask->data;
    const Whistle__V1__DedupAnswer *body = NULL;
    char ids[MATCHES_MAX * 24] = "";
    size_t used = 0;
    if (status != 0 || answer->error != NULL) {
        if (status != 0)
            reply_silent(ask, status);
        else
            reply_error(ask, answer->error, NULL);
        return;
    }
    body = (const Whistle__V1__DedupAnswer *)wh_unpack_ample(&whistle__v1__dedup_answer__descriptor,
                                                             ask->arena, answer->body.data,
                                                             answer->body.len, NULL);
    if (body != NULL && body->what_case == WHISTLE__V1__DEDUP_ANSWER__WHAT_MATCHES)
        for (size_t i = 0; i < body->matches->n_matches; i++)
            keep_likeness(looking, body->matches->matches[i]);
    for (size_t i = 0; i < looking->n; i++)
        used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%lld", i > 0 ? "," : "",
                                 (long long)looking->ids[i]);
    const char *const params[] = {ids};
    int rc = public_read(ask, READ_CARDS, params, got_cards);
    if (rc != 0)
        reply_silent(ask, rc);
}

void on_public_preview(struct gateway_ask *ask)
{
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__PreviewMatch preview = WHISTLE__V1__PREVIEW_MATCH__INIT;
    Whistle__V1__RaiseWhistle *raise = NULL;
    struct public_fault fault = {.rule = WH_RULE_INTERNAL};
    int64_t wait = public_admit_look(ask);
    if (wait > 0) {
        public_refuse_often(ask, wait);
        return;
    }
    Whistle__V1__PublicReport *report = read_report(ask);
    if (report == NULL)
        return;
    if (public_raise(gateway_district(ask->gateway), report, WEB, ask->arena, &raise, &fault) !=
        0) {
        reply_rule(ask, fault.rule, fault.field, NULL);
        return;
    }
    ask->data = wh_arena_calloc(ask->arena, 1, sizeof(struct looking));
    preview.unit = raise->unit;
    preview.category = raise->category;
    preview.title = raise->title;
    preview.text = raise->text;
    preview.place = raise->place;
    preview.limit = MATCHES_MAX;
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_PREVIEW;
    command.preview = &preview;
    const struct gateway_call_as as = {
        .identity = raise->unit, .officer = "", .fn = got_matches, .arg = ask};
    int rc = ask->data == NULL ? WH_E_NOMEM
                               : gateway_call_as(ask->gateway, DOOR_DEDUP, &command.base, &as);
    if (rc != 0)
        reply_silent(ask, rc);
}

// ---- a report -----------------------------------------------------------------------------------

static void receipt(struct gateway_ask *ask, const struct public_sent *sent)
{
    const Whistle__V1__RaiseWhistle *raise = ask->data;
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicReceipt receipt = WHISTLE__V1__PUBLIC_RECEIPT__INIT;
    if (sent->error != NULL || sent->status != 0) {
        if (sent->error != NULL)
            reply_error(ask, sent->error, "raise");
        else
            reply_silent(ask, sent->status);
        return;
    }
    const struct wh_category *category = wh_district_category(district, raise->category);
    receipt.number = borrowed(sent->number);
    receipt.code = borrowed(sent->code);
    receipt.community = raise->asked_by;
    if (category != NULL) {
        receipt.notice_zh = borrowed(category_response(category, false));
        receipt.notice_en = borrowed(category_response(category, true));
        receipt.advice_zh = category->row->advice_zh;
        receipt.advice_en = category->row->advice_en;
    }
    public_tell_location(ask, sent->number);
    reply_message(ask, 201, &receipt.base);
}

static void raise_report(struct gateway_ask *ask, const Whistle__V1__PublicReport *report)
{
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__RaiseWhistle *raise = NULL;
    struct public_fault fault = {.rule = WH_RULE_INTERNAL};
    if (public_raise(district, report, WEB, ask->arena, &raise, &fault) != 0) {
        reply_rule(ask, fault.rule, fault.field, NULL);
        return;
    }
    int priority = (int)wh_district_category(district, raise->category)->row->priority;
    if (!admit(ask, priority, report->ticket, report->website))
        return;
    ask->data = raise;
    int rc = public_send(ask, raise, receipt);
    if (rc == WH_E_INVALID)
        reply_rule(ask, WH_RULE_KEY_FORMAT, "Idempotency-Key", "UUIDv7");
    else if (rc != 0)
        reply_silent(ask, rc);
}

void on_public_report(struct gateway_ask *ask)
{
    const Whistle__V1__PublicReport *report = read_report(ask);
    if (report != NULL)
        raise_report(ask, report);
}

// ---- "I have that too" --------------------------------------------------------------------------

static void got_same(void *arg, int status, const PGresult *result)
{
    struct gateway_ask *ask = arg;
    const struct wh_district *district = gateway_district(ask->gateway);
    Whistle__V1__PublicReport *report = ask->data;
    struct public_row row;
    if (status != 0 || district == NULL) {
        reply_silent(ask, status != 0 ? status : WH_E_BUSY);
        return;
    }
    if (PQntuples(result) != 1 || public_read_card(result, 0, ask->arena, &row) != 0 ||
        category_public(district, row.category) == NULL) {
        reply_rule(ask, WH_RULE_WHISTLE_UNKNOWN, "number", NULL);
        return;
    }
    const struct wh_unit *community =
        public_community(district, wh_district_unit_by_id(district, row.place));
    report->category = borrowed(row.category);
    if (report->place->unit[0] == 0 && report->place->lat_is_case == 0 && community != NULL)
        report->place->unit = community->row->code;
    raise_report(ask, report);
}

void on_public_me_too(struct gateway_ask *ask)
{
    struct wh_wire_fault fault;
    char number[WH_NUMBER_MAX], id[24];
    int64_t object = 0;
    const Whistle__V1__PublicMeToo *body =
        (const Whistle__V1__PublicMeToo *)(void *)public_body(ask, &fault);
    Whistle__V1__PublicReport *report = wh_arena_alloc(ask->arena, sizeof *report);
    Whistle__V1__Place *place = wh_arena_alloc(ask->arena, sizeof *place);
    if (body == NULL || report == NULL || place == NULL) {
        if (body == NULL)
            reply_fault(ask, &fault);
        else
            reply_rule(ask, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    if (public_number_of(ask, ask->found.captures[0], number, &object) != 0) {
        reply_rule(ask, WH_RULE_WHISTLE_UNKNOWN, "number", NULL);
        return;
    }
    whistle__v1__public_report__init(report);
    whistle__v1__place__init(place);
    report->place = body->place != NULL ? body->place : place;
    report->text = body->text;
    report->reporter = body->reporter;
    report->ticket = body->ticket;
    report->website = body->website;
    report->same_as = wh_arena_strdup(ask->arena, number);
    ask->data = report;
    (void)snprintf(id, sizeof id, "%lld", (long long)object);
    const char *const params[] = {id};
    int rc = report->same_as == NULL ? WH_E_NOMEM : public_read(ask, READ_CARDS, params, got_same);
    if (rc != 0)
        reply_silent(ask, rc);
}
