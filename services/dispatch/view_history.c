// SPDX-License-Identifier: Apache-2.0
// A whistle's history: a line for each row of its journal, with what the row changed. From and to
// are found by folding the rows once more, so history says what happened, not what was meant.
#include <string.h>

#include "dispatch/fold.h"
#include "dispatch/view.h"
#include "dispatch/words.h"

static const char *state_name(const ProtobufCEnumDescriptor *type, const char *prefix, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    return row == NULL || value == 0 ? "" : row->name + strlen(prefix);
}

static const char *task_state_name(const struct whistle *w, int32_t department)
{
    const struct task *t = w->number == 0 ? NULL : whistle_task(w, department);
    return t == NULL ? ""
                     : state_name(&whistle__v1__task_state__descriptor, "TASK_STATE_", t->state);
}

static const char *whistle_state_name(const struct whistle *w)
{
    return w->number == 0 ? ""
                          : state_name(&whistle__v1__whistle_state__descriptor, "WHISTLE_STATE_",
                                       (int)whistle_state(w));
}

// The text of a member's field, "" where it has none of that name.
static const char *field_text(const ProtobufCMessage *member, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(member->descriptor, name);
    const char *text;
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING ||
        field->label == PROTOBUF_C_LABEL_REPEATED) {
        return "";
    }
    memcpy(&text, (const uint8_t *)member + field->offset, sizeof text);
    return text;
}

// Whatever was said with the act.
static char *said(struct wh_arena *arena, const ProtobufCMessage *member)
{
    static const char *const names[] = {"reason", "basis", "text", "plan", "note", "why"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        n += strlen(field_text(member, names[i])) + 2;
    }
    char *text = wh_arena_calloc(arena, 1, n);
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++) {
        const char *more = field_text(member, names[i]);
        if (more[0] != '\0') {
            strcat(text, text[0] == '\0' ? "" : "; ");
            strcat(text, more);
        }
    }
    return text == NULL ? (char *)protobuf_c_empty_string : text;
}

struct telling {
    struct dispatch *state;
    struct wh_arena *arena;
    struct whistle_room room;
    Whistle__V1__History history;
};

static Whistle__V1__HistoryLine *line_of(struct telling *t, const struct view_event *event,
                                         const struct wh_row *row)
{
    Whistle__V1__HistoryLine *line = wh_arena_alloc(t->arena, sizeof *line);
    if (line == NULL) {
        return NULL;
    }
    *line = (Whistle__V1__HistoryLine)WHISTLE__V1__HISTORY_LINE__INIT;
    line->seq = event->envelope->seq;
    line->at = event->envelope->at;
    line->kind = (char *)(uintptr_t)event->member->descriptor->short_name;
    line->actor = event->envelope->actor;
    line->task = (char *)(uintptr_t)field_text(event->member, "task");
    line->text = said(t->arena, event->member);
    line->hash.data = (uint8_t *)(uintptr_t)wh_row_bytes(row, 5, &line->hash.len);
    return line;
}

// Folds the row and adds its line.
static bool tell_row(struct telling *t, const struct view_event *event, const struct wh_row *row)
{
    struct wire_target target;
    struct fold_context context = fold_context_of(t->state->district, event->envelope);
    Whistle__V1__HistoryLine *line = line_of(t, event, row);
    struct whistle *w = &t->room.whistle;
    if (line == NULL) {
        return false;
    }
    bool of_task = line->task[0] != '\0' && wire_parse(line->task, &target) == 0;
    int32_t department = of_task ? wh_district_id(t->state->district, target.department) : 0;
    const char *from = of_task ? task_state_name(w, department) : whistle_state_name(w);
    if (fold(&t->room, &context, event->event) != 0) {
        return false;
    }
    const char *to = of_task ? task_state_name(w, department) : whistle_state_name(w);
    if (strcmp(from, to) != 0) {
        line->from = (char *)(uintptr_t)from;
        line->to = (char *)(uintptr_t)to;
    }
    t->history.lines[t->history.n_lines++] = line;
    return true;
}

static void page_of(struct telling *t, const Whistle__V1__ShowHistory *ask, int64_t after)
{
    size_t limit = ask->limit == 0 ? WIRE_PAGE_MAX : wire_limit(ask->limit), first = 0;
    Whistle__V1__History *h = &t->history;
    while (first < h->n_lines && h->lines[first]->seq <= after) {
        first++;
    }
    h->lines += first;
    h->n_lines -= first;
    if (h->n_lines > limit) {
        h->n_lines = limit;
        h->cursor = view_cursor(t->arena, 1, &h->lines[limit - 1]->seq);
    }
}

static void answer_history(struct dispatch *state, struct wh_query *query,
                           const struct view_whistle *view)
{
    const Whistle__V1__ShowHistory *ask = (const void *)wh_query_item(query)->message;
    size_t rows = wh_result_rows(view->journal);
    struct telling *t = wh_arena_alloc(view->arena, sizeof *t);
    struct view_event event;
    int64_t after = 0;
    if (ask->cursor[0] != '\0' && !view_cursor_parse(ask->cursor, 1, &after)) {
        wh_query_refuse(query, WH_RULE_FIELD_FORMAT, "cursor", NULL);
        return;
    }
    if (t == NULL) {
        view_too_large(query);
        return;
    }
    t->state = state;
    t->arena = view->arena;
    whistle_copy(&t->room, NULL);
    t->history = (Whistle__V1__History)WHISTLE__V1__HISTORY__INIT;
    t->history.lines = wh_arena_calloc(view->arena, rows + 1, sizeof *t->history.lines);
    for (size_t i = 0; i < rows; i++) {
        if (t->history.lines == NULL || !view_event(view->journal, i, view->arena, &event) ||
            !tell_row(t, &event, wh_result_row(view->journal, i))) {
            view_too_large(query);
            return;
        }
    }
    t->history.number = ask->number;
    page_of(t, ask, after);
    view_answer(query, WHISTLE__V1__DISPATCH_ANSWER__WHAT_HISTORY, &t->history.base);
}

void view_history(void *arg, struct wh_query *query, const struct wh_item *item)
{
    const Whistle__V1__ShowHistory *ask = (const void *)item->message;
    if (view_begin(arg, query, item)) {
        view_whistle(arg, query, ask->number, answer_history);
    }
}
