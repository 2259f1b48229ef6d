// SPDX-License-Identifier: Apache-2.0
// What one matter is made of, and which whistles wait for a person's word. A matter is read from
// the tables, so old ones can be looked at too.
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "client/keys.h"
#include "dedup/handler.h"
#include "dedup/wire.h"

#define ANSWER(name) WHISTLE__V1__DEDUP_ANSWER__WHAT_##name
#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name
#define APART_MAX 256

// ---- whose --------------------------------------------------------------------------------------

// Who asks: everybody's, what lies within `above`, what `party` itself raised.
struct looking {
    bool all;
    const struct wh_unit *above;
    int32_t party;
};

static struct looking looking_of(const struct dedup *state, const struct wh_item *item)
{
    const unsigned all = WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_AUDITOR | WH_ROLE_SERVICE;
    const struct wh_party *party = wh_district_party(state->district, item->actor.identity);
    return (struct looking){.all = (item->actor.roles & all) != 0,
                            .above = wh_district_unit(state->district, item->actor.identity),
                            .party = party == NULL ? 0 : party->id};
}

static bool sees(const struct dedup *state, const struct looking *looking, int32_t unit_id,
                 int32_t street_id)
{
    const int32_t ids[] = {unit_id, street_id};
    for (size_t i = 0; i < 2; i++) {
        const struct wh_unit *unit = wh_district_unit_by_id(state->district, ids[i]);
        if (looking->all || (ids[i] != 0 && ids[i] == looking->party) ||
            (unit != NULL && looking->above != NULL &&
             wh_district_is_within(state->district, unit, looking->above)))
            return true;
    }
    return false;
}

// ---- a matter -----------------------------------------------------------------------------------

struct showing {
    struct say say;
    Whistle__V1__Matter matter;
    int64_t *ids;
    size_t n_ids;
    bool doubt;
};

static void fill_reason(struct say *say, const struct wh_row *row, int column,
                        Whistle__V1__Membership *member)
{
    const Whistle__V1__Event *envelope = NULL;
    const Whistle__V1__DedupEvent *event = dedup_read_body(say->arena, row, column, &envelope);
    if (event == NULL || event->what_case != EVENT(MERGED))
        return;
    member->joined_at = envelope->at;
    member->why = event->merged->why;
    member->reason = event->merged->reason;
    if (event->merged->by_person)
        member->by = envelope->actor;
}

static Whistle__V1__Membership *membership(struct showing *show, const struct wh_row *row, int body,
                                           int raised)
{
    Whistle__V1__Membership *member = wh_arena_alloc(show->say.arena, sizeof *member);
    if (member == NULL) {
        show->say.failed = true;
        return NULL;
    }
    whistle__v1__membership__init(member);
    member->number = say_number(&show->say, wh_row_int(row, 0));
    member->into = say_number(&show->say, wh_row_int(row, 1));
    member->raised_from = (Whistle__V1__Priority)wh_row_int(row, raised);
    if (!wh_row_null(row, body))
        fill_reason(&show->say, row, body, member);
    return member;
}

static void say_apart(const struct dedup *state, struct showing *show)
{
    int64_t apart[APART_MAX];
    Whistle__V1__Matter *matter = &show->matter;
    matter->apart = say_list(&show->say, APART_MAX);
    for (size_t i = 0; i < show->n_ids && !show->say.failed; i++) {
        size_t n = matters_apart_of(state->matters, show->ids[i], apart, APART_MAX);
        for (size_t k = 0; k < n && k < APART_MAX && matter->n_apart < APART_MAX; k++)
            matter->apart[matter->n_apart++] = say_number(&show->say, apart[k]);
    }
}

static void finish(struct wh_query *query, struct showing *show)
{
    Whistle__V1__DedupAnswer answer = WHISTLE__V1__DEDUP_ANSWER__INIT;
    if (show->say.failed) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, NULL, NULL);
        return;
    }
    answer.what_case = ANSWER(MATTER);
    answer.matter = &show->matter;
    wh_query_answer(query, &answer.base);
}

static void got_perhaps(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct showing *show = wh_query_data(query);
    (void)arg;
    if (wh_result_rows(result) > 0)
        show->matter.n_perhaps =
            dedup_perhaps_of(dedup_read_body(show->say.arena, wh_result_row(result, 0), 2, NULL),
                             &show->matter.perhaps);
    finish(query, show);
}

static void got_past(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct showing *show = wh_query_data(query);
    const struct dedup *state = arg;
    size_t n = wh_result_rows(result);
    show->matter.past = say_list(&show->say, n);
    for (size_t i = 0; i < n && !show->say.failed; i++) {
        Whistle__V1__Membership *member = membership(show, wh_result_row(result, i), 2, 4);
        if (member != NULL)
            member->parted_at = wh_row_int(wh_result_row(result, i), 3);
        show->matter.past[show->matter.n_past++] = member;
    }
    say_apart(state, show);
    if (!show->doubt || show->say.failed)
        finish(query, show);
    else if (WH_SELECT(query, SELECT_FACTS, got_perhaps, WH_A(show->ids, 1)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// Whose whistle is one of a matter sees the whole of it.
static bool sees_one(const struct dedup *state, const struct looking *looking,
                     const struct wh_result *result)
{
    for (size_t i = 0; i < wh_result_rows(result); i++) {
        const struct wh_row *row = wh_result_row(result, i);
        if (sees(state, looking, (int32_t)wh_row_int(row, 5), (int32_t)wh_row_int(row, 6)))
            return true;
    }
    return false;
}

static void got_members(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dedup *state = arg;
    struct wh_arena *arena = wh_query_arena(query);
    struct showing *show = wh_arena_calloc(arena, 1, sizeof *show);
    size_t n = wh_result_rows(result);
    if (n == 0 || show == NULL) {
        wh_query_refuse(query, n == 0 ? WH_RULE_NOT_FOUND : WH_RULE_INTERNAL, "number", NULL);
        return;
    }
    if (!sees_one(state, wh_query_data(query), result)) {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "number", NULL);
        return;
    }
    const struct wh_row *root = wh_result_row(result, 0);
    show->say = dedup_say(state, arena);
    whistle__v1__matter__init(&show->matter);
    show->ids = wh_arena_calloc(arena, n, sizeof *show->ids);
    show->matter.members = say_list(&show->say, n);
    show->matter.number = say_number(&show->say, wh_row_int(root, 0));
    show->matter.resolved_at = wh_row_int(root, 2);
    show->doubt = wh_row_int(root, 3) & REPORT_DOUBT;
    show->say.failed = show->say.failed || show->ids == NULL;
    for (size_t i = 0; i < n && !show->say.failed; i++) {
        show->ids[show->n_ids++] = wh_row_int(wh_result_row(result, i), 0);
        show->matter.members[show->matter.n_members++] =
            membership(show, wh_result_row(result, i), 4, 7);
    }
    show->matter.supporters = (int32_t)n - 1;
    wh_query_set_data(query, show);
    if (show->say.failed)
        finish(query, show);
    else if (WH_SELECT(query, SELECT_PAST, got_past, WH_A(show->ids, show->n_ids)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

void query_matter(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct dedup *state = arg;
    const Whistle__V1__ShowMatter *message = (const Whistle__V1__ShowMatter *)item->message;
    struct wire_fault fault;
    int64_t id = 0;
    if (state->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    struct looking *looking = wh_arena_alloc(wh_query_arena(query), sizeof *looking);
    if (looking == NULL) {
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    *looking = looking_of(state, item);
    wh_query_set_data(query, looking);
    if (wire_number(message->number, state->district, "number", &id, &fault) != 0)
        wh_query_refuse(query, fault.rule, fault.field, NULL);
    else if (WH_SELECT(query, SELECT_MEMBERS, got_members, WH_L(id)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}

// ---- doubts -------------------------------------------------------------------------------------

struct doubting {
    int64_t *ids;
    size_t n;
    bool more;
};

// Whose whistles one may see there: one's own unit and all below it; NULL: everybody's.
static int scope_of(const struct dedup *state, const struct wh_item *item, const char *unit,
                    const struct wh_unit **ret_above, struct wire_fault *fault)
{
    const unsigned all = WH_ROLE_DISTRICT | WH_ROLE_LEADER | WH_ROLE_AUDITOR | WH_ROLE_SERVICE;
    const struct wh_unit *own = wh_district_unit(state->district, item->actor.identity);
    const struct wh_unit *asked = wh_district_unit(state->district, unit);
    *ret_above = (item->actor.roles & all) != 0 ? asked : own;
    if (*unit == 0)
        return 0;
    *fault =
        (struct wire_fault){asked == NULL ? WH_RULE_FIELD_UNKNOWN : WH_RULE_SCOPE_FOREIGN, "unit"};
    if (asked == NULL)
        return WH_E_INVALID;
    if ((item->actor.roles & all) == 0 &&
        (own == NULL || !wh_district_is_within(state->district, asked, own)))
        return WH_E_INVALID;
    *ret_above = asked;
    return 0;
}

static bool is_below(const struct dedup *state, int64_t id, const struct wh_unit *above)
{
    const struct standing *standing = matters_get(state->matters, id);
    const struct wh_unit *unit =
        standing == NULL ? NULL : wh_district_unit_by_id(state->district, standing->unit);
    if (unit == NULL && standing != NULL)
        unit = wh_district_unit_by_id(state->district, standing->street);
    return unit != NULL && wh_district_is_within(state->district, unit, above);
}

static void got_doubts(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct dedup *state = arg;
    struct wh_arena *arena = wh_query_arena(query);
    struct say say = dedup_say(state, arena);
    struct doubting *doubting = wh_query_data(query);
    Whistle__V1__DedupAnswer answer = WHISTLE__V1__DEDUP_ANSWER__INIT;
    Whistle__V1__Doubts doubts = WHISTLE__V1__DOUBTS__INIT;
    size_t n = wh_result_rows(result);
    Whistle__V1__Doubt *rows = wh_arena_calloc(arena, n + 1, sizeof *rows);
    char cursor[24] = "";
    doubts.doubts = say_list(&say, n);
    for (size_t i = 0; i < n && rows != NULL && !say.failed; i++) {
        const struct wh_row *row = wh_result_row(result, i);
        const Whistle__V1__DedupEvent *event = dedup_read_body(arena, row, 2, NULL);
        const Whistle__V1__WhistleBlown *blown = dedup_blown_of(event);
        if (blown == NULL || blown->whistle == NULL)
            continue;
        whistle__v1__doubt__init(&rows[i]);
        rows[i].number = blown->whistle->number;
        rows[i].until_at = wh_row_int(row, 1);
        rows[i].title = blown->whistle->title;
        rows[i].blown_at = blown->whistle->submitted_at;
        rows[i].n_perhaps = dedup_perhaps_of(event, &rows[i].perhaps);
        doubts.doubts[doubts.n_doubts++] = &rows[i];
    }
    if (rows == NULL || say.failed) {
        wh_query_refuse(query, WH_RULE_TOO_LARGE, NULL, NULL);
        return;
    }
    if (doubting->more)
        (void)snprintf(cursor, sizeof cursor, "%lld", (long long)doubting->ids[doubting->n - 1]);
    doubts.cursor = cursor;
    answer.what_case = ANSWER(DOUBTS);
    answer.doubts = &doubts;
    wh_query_answer(query, &answer.base);
}

static struct doubting *find_doubts(const struct dedup *state, struct wh_query *query,
                                    const struct wire_page *page, const struct wh_unit *above)
{
    struct doubting *found = wh_arena_calloc(wh_query_arena(query), 1, sizeof *found);
    size_t limit = (size_t)page->limit;
    if (found != NULL)
        found->ids = wh_arena_calloc(wh_query_arena(query), limit, sizeof *found->ids);
    if (found == NULL || found->ids == NULL)
        return NULL;
    for (size_t i = 0; i < state->n_doubts && !found->more; i++) {
        int64_t id = state->doubts[i];
        if (id <= page->after || (above != NULL && !is_below(state, id, above)))
            continue;
        found->more = found->n == limit;
        if (!found->more)
            found->ids[found->n++] = id;
    }
    return found;
}

void query_doubts(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const struct dedup *state = arg;
    const Whistle__V1__ListDoubts *message = (const Whistle__V1__ListDoubts *)item->message;
    const struct wh_unit *above = NULL;
    struct wire_fault fault;
    struct wire_page page;
    if (state->district == NULL) {
        wh_query_refuse(query, WH_RULE_DISTRICT_MISSING, NULL, NULL);
        return;
    }
    if (wire_page(message->cursor, message->limit, &page, &fault) != 0 ||
        scope_of(state, item, message->unit, &above, &fault) != 0) {
        wh_query_refuse(query, fault.rule, fault.field, NULL);
        return;
    }
    struct doubting *found = find_doubts(state, query, &page, above);
    if (found == NULL) {
        wh_query_refuse(query, WH_RULE_INTERNAL, NULL, NULL);
        return;
    }
    wh_query_set_data(query, found);
    if (WH_SELECT(query, SELECT_FACTS, got_doubts, WH_A(found->ids, found->n)) != 0)
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
}
