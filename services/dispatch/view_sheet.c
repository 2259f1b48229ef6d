// SPDX-License-Identifier: Apache-2.0
// What a shift hands over: every open whistle that a unit's own key sees, whole as `show` tells it
// (but what it may be the same as is told as it was judged, not looked up), with its notices as
// `notices` tells them and every clock that runs. The journals' heads are read first, so two sheets
// can be compared. A page ends by its rows or its bytes.
#include <string.h>

#include "dispatch/show.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

#define SHEET_PAGE 25
#define SHEET_PAGE_MAX 50
#define SHEET_BYTES ((size_t)512 << 10) // one message has at most 1 MiB
#define WINDOW_ROWS 5000                // as in store_sql.c

struct sheet_page {
    size_t n_ids, limit;
    int64_t ids[SHEET_PAGE_MAX];
    int64_t cursor; // 0: the end
    Whistle__V1__Sheet sheet;
    Whistle__V1__JournalHead dispatch, dedup;
    Whistle__V1__SheetWhistle *rows; // in rising order of ids
    size_t n_rows;
    struct viewer whose;
    struct family *family;
    bool failed;
};

struct building {
    struct dispatch *state;
    struct wh_query *query;
    struct sheet_page *page;
};

// ---- clocks -------------------------------------------------------------------------------------

static bool add_clock(struct building *b, Whistle__V1__SheetWhistle *row, const char *task,
                      const char *by, Whistle__V1__Clock clock, int64_t due)
{
    Whistle__V1__SheetClock *shown = wh_arena_alloc(wh_query_arena(b->query), sizeof *shown);
    if (shown == NULL) {
        return false;
    }
    whistle__v1__sheet_clock__init(shown);
    shown->task = (char *)(uintptr_t)task;
    shown->by = (char *)(uintptr_t)(by == NULL ? "" : by);
    shown->clock = clock;
    shown->due_at = due;
    row->clocks[row->n_clocks++] = shown;
    return true;
}

static const char *code_of(const struct building *b, int32_t party)
{
    return wh_district_code(b->state->district, party);
}

static bool task_clocks(struct building *b, const struct whistle *w, const struct task *t,
                        Whistle__V1__SheetWhistle *row)
{
    const Whistle__V1__Task *shown = NULL;
    const char *code = code_of(b, t->department);
    for (size_t i = 0; i < row->whistle->n_tasks && shown == NULL; i++) {
        if (code != NULL && strcmp(row->whistle->tasks[i]->department, code) == 0) {
            shown = row->whistle->tasks[i];
        }
    }
    for (int c = CLOCK_SIGN; shown != NULL && c < CLOCKS; c++) {
        bool judged = c == CLOCK_RULING || c == CLOCK_LEDGER;
        if (t->clocks[c].due != 0 && task_clock_runs(w, t, (enum clock)c) &&
            !add_clock(b, row, shown->id, judged ? BACKSTOP : code, clock_proto((enum clock)c),
                       t->clocks[c].due)) {
            return false;
        }
    }
    return true;
}

static bool all_clocks(struct building *b, const struct whistle *w, Whistle__V1__SheetWhistle *row)
{
    row->clocks = wh_arena_calloc(wh_query_arena(b->query), (size_t)w->n_tasks * CLOCKS + 2,
                                  sizeof(Whistle__V1__SheetClock *));
    if (row->clocks == NULL) {
        return false;
    }
    for (size_t i = 0; i < w->n_tasks; i++) {
        if (task_is_open(&w->tasks[i]) && !task_clocks(b, w, &w->tasks[i], row)) {
            return false;
        }
    }
    if (w->stage == STATE(SUBMITTED) && w->due_review != 0 &&
        !add_clock(b, row, "", code_of(b, w->street), CLOCK(REVIEW), w->due_review)) {
        return false;
    }
    return !whistle_awaits_confirm(w) || w->confirm.due == 0 ||
           add_clock(b, row, "", row->whistle->next->by, CLOCK(CONFIRM), w->confirm.due);
}

// ---- desks --------------------------------------------------------------------------------------

// Does this page name the party: as raiser, street, or with a task that lives?
static bool is_named(const struct sheet_page *page, const char *code)
{
    if (strcmp(code, page->sheet.unit) == 0 || strcmp(code, BACKSTOP) == 0) {
        return true;
    }
    for (size_t i = 0; i < page->sheet.n_whistles; i++) {
        const Whistle__V1__Whistle *w = page->sheet.whistles[i]->whistle;
        if (strcmp(code, w->street) == 0 || strcmp(code, w->unit) == 0) {
            return true;
        }
        for (size_t k = 0; k < w->n_tasks; k++) {
            if (w->tasks[k]->state != TASK(CANCELLED) &&
                strcmp(code, w->tasks[k]->department) == 0) {
                return true;
            }
        }
    }
    return false;
}

static Whistle__V1__Contact *contact_of(struct wh_arena *arena, const Whistle__V1__Contact *from)
{
    Whistle__V1__Contact *contact = wh_arena_dup(arena, from, sizeof *from);
    char **channels = wh_arena_calloc(arena, from->n_channels + 1, sizeof *channels);
    for (size_t i = 0; channels != NULL && i < from->n_channels; i++) {
        channels[i] = wh_arena_dup(arena, from->channels[i], strcspn(from->channels[i], ":"));
        if (channels[i] == NULL) {
            return NULL;
        }
    }
    if (contact != NULL) {
        contact->channels = channels;
    }
    return channels == NULL ? NULL : contact;
}

static Whistle__V1__Desk *desk_of(struct wh_arena *arena, const Whistle__V1__Desk *from)
{
    Whistle__V1__Desk *desk = wh_arena_dup(arena, from, sizeof *from);
    Whistle__V1__Contact **contacts =
        wh_arena_calloc(arena, from->n_contacts + 1, sizeof(Whistle__V1__Contact *));
    for (size_t i = 0; contacts != NULL && i < from->n_contacts; i++) {
        contacts[i] = contact_of(arena, from->contacts[i]);
        if (contacts[i] == NULL) {
            return NULL;
        }
    }
    if (desk != NULL) {
        desk->contacts = contacts;
    }
    return contacts == NULL ? NULL : desk;
}

// Who can be called, without addresses.
static bool add_desks(const struct dispatch *state, struct sheet_page *page, struct wh_arena *arena)
{
    const Whistle__V1__District *data = wh_district_data(state->district);
    page->sheet.desks = wh_arena_calloc(arena, data->n_desks + 1, sizeof(Whistle__V1__Desk *));
    for (size_t i = 0; page->sheet.desks != NULL && i < data->n_desks; i++) {
        if (is_named(page, data->desks[i]->body)) {
            Whistle__V1__Desk *desk = desk_of(arena, data->desks[i]);
            if (desk == NULL) {
                return false;
            }
            page->sheet.desks[page->sheet.n_desks++] = desk;
        }
    }
    return page->sheet.desks != NULL;
}

// ---- the page -----------------------------------------------------------------------------------

static void add_whistle(void *arg, const struct whistle *w, const struct store_gather *gather)
{
    struct building *b = arg;
    struct sheet_page *page = b->page;
    Whistle__V1__SheetWhistle *row = &page->rows[page->n_rows];
    whistle__v1__sheet_whistle__init(row);
    row->whistle =
        show_whistle(w, b->state->district, wh_query_arena(b->query), page->sheet.now_at);
    if (row->whistle == NULL || !all_clocks(b, w, row)) {
        page->failed = true;
        return;
    }
    row->whistle->n_confirmed_by = 0; // told anew by the journal
    view_family_add(page->family, w, row->whistle);
    view_delivered_all(b->state, w, gather, row->whistle);
    page->ids[page->n_rows++] = w->number;
}

// The journal's rows of one whistle, from row `at`; returns the row behind them. ret_whole: its
// texts had room.
static size_t take_rows(const struct wh_result *journal, size_t at, int64_t id,
                        Whistle__V1__SheetWhistle *row, struct wh_arena *arena, bool *ret_whole)
{
    struct view_notices notices = {.arena = arena};
    struct view_event event;
    *ret_whole = true;
    for (; at < wh_result_rows(journal) && wh_row_int(wh_result_row(journal, at), 0) == id; at++) {
        *ret_whole = *ret_whole && view_event(journal, at, arena, &event);
        if (*ret_whole) {
            view_texts(row->whistle, arena, &event);
            view_notices_take(&notices, &event);
        }
    }
    *ret_whole = *ret_whole && !notices.failed;
    row->notices = notices.views;
    row->n_notices = notices.n;
    return at;
}

// Rows come in rising order, the sheet goes down from the newest: what has no room is left for the
// next page, from the oldest end. Returns how many fit.
static size_t fill(struct sheet_page *page, const struct wh_result *journal, struct wh_arena *arena)
{
    size_t bytes = 0, n = 0, end = wh_result_rows(journal);
    while (n < page->n_rows) {
        size_t i = page->n_rows - 1 - n, begin = end;
        bool whole;
        while (begin > 0 && wh_row_int(wh_result_row(journal, begin - 1), 0) == page->ids[i]) {
            begin--;
        }
        take_rows(journal, begin, page->ids[i], &page->rows[i], arena, &whole);
        bytes += whole ? protobuf_c_message_get_packed_size(&page->rows[i].base) : 0;
        if (!whole || (n > 0 && bytes > SHEET_BYTES)) {
            break;
        }
        page->sheet.whistles[n++] = &page->rows[i];
        end = begin;
    }
    return n;
}

static void on_journal(void *arg, struct wh_query *query, const struct wh_result *journal)
{
    const struct dispatch *state = arg;
    struct sheet_page *page = wh_query_data(query);
    struct wh_arena arena;
    wh_arena_init(&arena, VIEW_ARENA);
    size_t n = fill(page, journal, &arena);
    if (n < page->n_rows && n > 0) {
        page->cursor = page->ids[page->n_rows - n];
    }
    page->sheet.n_whistles = n;
    if (page->cursor != 0) {
        page->sheet.cursor = view_cursor(&arena, 1, &page->cursor);
    }
    if ((n == 0 && page->n_rows > 0) || state->district == NULL ||
        !add_desks(state, page, wh_query_arena(query))) {
        view_too_large(query);
    } else {
        view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_SHEET, &page->sheet.base);
    }
    wh_arena_done(&arena);
}

static void ask_journal(struct dispatch *state, struct wh_query *query)
{
    (void)state;
    const struct sheet_page *page = wh_query_data(query);
    VIEW_SELECT(query, SELECT_JOURNAL, on_journal, WH_A(page->ids, page->n_rows));
}

static void on_whistles(void *arg, struct wh_query *query, const struct wh_result *result)
{
    struct sheet_page *page = wh_query_data(query);
    struct building b = {.state = arg, .query = query, .page = page};
    struct store_gather *gather = wh_arena_calloc(wh_query_arena(query), 1, sizeof *gather);
    page->rows = wh_arena_calloc(wh_query_arena(query), page->n_ids + 1, sizeof *page->rows);
    page->sheet.whistles =
        wh_arena_calloc(wh_query_arena(query), page->n_ids + 1, sizeof *page->sheet.whistles);
    page->family = view_family_new(query);
    if (gather == NULL || page->rows == NULL || page->sheet.whistles == NULL ||
        page->family == NULL || b.state->district == NULL) {
        view_too_large(query);
        return;
    }
    view_each(result, gather, add_whistle, &b);
    if (page->failed) {
        view_too_large(query);
        return;
    }
    view_family(b.state, query, page->family, ask_journal);
}

// Rows: id, smallest id of the window, rows of the window.
static void on_ids(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct sheet_page *page = wh_query_data(query);
    size_t rows = wh_result_rows(result);
    const struct wh_row *first = rows == 0 ? NULL : wh_result_row(result, 0);
    for (size_t i = 0; i < rows && page->n_ids < page->limit; i++) {
        int64_t id = wh_row_int(wh_result_row(result, i), 0);
        if (id != 0) {
            page->ids[page->n_ids++] = id;
        }
    }
    if (page->n_ids == page->limit) {
        page->cursor = page->ids[page->n_ids - 1];
    } else if (first != NULL && wh_row_int(first, 2) >= WINDOW_ROWS) {
        page->cursor = wh_row_int(first, 1);
    }
    VIEW_SELECT(query, SELECT_WHISTLES, on_whistles, WH_A(page->ids, page->n_ids));
}

static bool take_hash(struct wh_query *query, const struct wh_row *row, int column,
                      ProtobufCBinaryData *ret_hash)
{
    size_t n;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    ret_hash->data = wh_arena_dup(wh_query_arena(query), bytes, n);
    ret_hash->len = n;
    return ret_hash->data != NULL;
}

static void on_heads(void *arg, struct wh_query *query, const struct wh_result *result)
{
    (void)arg;
    struct sheet_page *page = wh_query_data(query);
    const Whistle__V1__ShowSheet *ask = (const void *)wh_query_item(query)->message;
    const struct wh_row *row = wh_result_row(result, 0);
    int64_t before = INT64_MAX;
    page->dispatch.epoch = wh_row_int(row, 0);
    page->dispatch.seq = wh_row_int(row, 1);
    page->dedup.seq = wh_row_int(row, 3);
    if (!take_hash(query, row, 2, &page->dispatch.hash) ||
        !take_hash(query, row, 4, &page->dedup.hash)) {
        view_too_large(query);
        return;
    }
    page->sheet.dispatch = &page->dispatch;
    page->sheet.dedup = &page->dedup;
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &before)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    VIEW_SELECT(query, SELECT_LIST_OPEN, on_ids, WH_L(before), WH_I(page->limit),
                WH_A(page->whose.units, page->whose.n_units), WH_I(page->whose.party),
                WH_A(page->whose.units, 0), WH_T(""), WH_I(0));
}

// Whose sheet: page->whose sees what that unit's own key sees. Refuses what is not the caller's.
static bool whose(struct dispatch *state, struct wh_query *query, struct sheet_page *page)
{
    const Whistle__V1__ShowSheet *ask = (const void *)wh_query_item(query)->message;
    int32_t party = wh_district_id(state->district, ask->unit);
    const struct wh_unit *unit = wh_district_unit_by_id(state->district, party);
    struct viewer *caller = wh_arena_alloc(wh_query_arena(query), sizeof *caller);
    if (caller == NULL) {
        view_too_large(query);
        return false;
    }
    if (party == 0) {
        wh_query_refuse(query, WH_RULE_FIELD_UNKNOWN, "unit", NULL);
        return false;
    }
    view_viewer(state, wh_query_item(query), caller);
    bool own = caller->everything;
    for (size_t i = 0; i < caller->n_units && !own; i++) {
        own = caller->units[i] == party;
    }
    if (!own) {
        wh_query_refuse(query, WH_RULE_SCOPE_FOREIGN, "unit", NULL);
        return false;
    }
    bool all = strcmp(ask->unit, BACKSTOP) == 0 || (unit != NULL && unit->parent == 0);
    page->whose.party = party;
    page->whose.n_units =
        all ? 0 : view_below(state->district, party, page->whose.units, VIEW_UNITS);
    page->sheet.unit = ask->unit;
    return true;
}

void view_sheet(void *arg, struct wh_query *query, const struct wh_item *item)
{
    struct dispatch *state = arg;
    const Whistle__V1__ShowSheet *ask = (const void *)item->message;
    if (!view_begin(state, query, item)) {
        return;
    }
    struct sheet_page *page = wh_arena_calloc(wh_query_arena(query), 1, sizeof *page);
    if (page == NULL) {
        view_too_large(query);
        return;
    }
    wh_query_set_data(query, page);
    whistle__v1__sheet__init(&page->sheet);
    whistle__v1__journal_head__init(&page->dispatch);
    whistle__v1__journal_head__init(&page->dedup);
    page->limit = ask->limit <= 0               ? SHEET_PAGE
                  : ask->limit > SHEET_PAGE_MAX ? SHEET_PAGE_MAX
                                                : (size_t)ask->limit;
    page->sheet.now_at = wh_query_now(query);
    page->sheet.routing_version = wh_district_version(state->district);
    if (whose(state, query, page) && wh_query_select(query, SELECT_HEADS, NULL, 0, on_heads) != 0) {
        wh_query_refuse(query, WH_RULE_BUSY_DATABASE, NULL, NULL);
    }
}
