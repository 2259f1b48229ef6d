// SPDX-License-Identifier: Apache-2.0
// Questions that two doors answer together, or one twice: what raising this would meet; whom the
// present rules would call for a whistle that stands.
#include <string.h>

#include "gateway/handler_api.h"
#include "gateway/handler_district.h"
#include "whistle/v1/api.pb-c.h"

static const struct wh_uuid once; // a question: the caller makes an id

// ---- preview -----------------------------------------------------------------------------------

struct preview {
    Whistle__V1__RaiseWhistle *raise;
    Whistle__V1__Preview shown;
};

static void on_matches(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct preview *preview = ask->data;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const Whistle__V1__Matches *matches =
        (const void *)api_member(DOOR_DEDUP, status, answer, "matches", &arena);
    if (matches != NULL) {
        preview->shown.matches = matches->matches;
        preview->shown.n_matches = matches->n_matches;
        preview->shown.band = matches->band;
    }
    // dedup away: what intake says is worth having; a whistle is taken without it, too
    reply_message(ask, 200, &preview->shown.base);
    wh_arena_done(&arena);
}

static void ask_matches(struct gateway_ask *ask)
{
    struct preview *preview = ask->data;
    Whistle__V1__DedupCommand command = WHISTLE__V1__DEDUP_COMMAND__INIT;
    Whistle__V1__PreviewMatch match = WHISTLE__V1__PREVIEW_MATCH__INIT;
    match.unit = preview->raise->unit;
    match.category = preview->raise->category;
    match.title = preview->raise->title;
    match.text = preview->raise->text;
    match.place = preview->raise->place;
    command.what_case = WHISTLE__V1__DEDUP_COMMAND__WHAT_PREVIEW;
    command.preview = &match;
    int status = gateway_call(ask, DOOR_DEDUP, &command.base, once, on_matches);
    if (status != 0)
        on_matches(ask, status, NULL);
}

static void on_previewed(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct preview *preview = ask->data;
    const Whistle__V1__WhistlePreview *said =
        (const void *)api_member(DOOR_INTAKE, status, answer, "preview", ask->arena);
    if (said == NULL) {
        api_refuse(ask, status, answer);
        return;
    }
    whistle__v1__preview__init(&preview->shown);
    preview->shown.priority = said->priority;
    preview->shown.waits_for_review = said->waits_for_review;
    preview->shown.missing_answers = said->missing_answers;
    preview->shown.n_missing_answers = said->n_missing_answers;
    ask_matches(ask);
}

void on_preview(struct gateway_ask *ask)
{
    struct wire_api wire = api_wire(ask);
    struct wh_wire_fault fault;
    struct preview *preview = wh_arena_calloc(ask->arena, 1, sizeof *preview);
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    Whistle__V1__PreviewWhistle whistle = WHISTLE__V1__PREVIEW_WHISTLE__INIT;
    ask->data = preview;
    if (preview == NULL) {
        reply_rule(ask, WH_RULE_TOO_LARGE, NULL, NULL);
        return;
    }
    preview->raise = (void *)wire_api_body(&wire, &fault);
    if (preview->raise == NULL) {
        reply_fault(ask, &fault);
        return;
    }
    whistle.whistle = preview->raise;
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_PREVIEW;
    command.preview = &whistle;
    int status = gateway_call(ask, DOOR_INTAKE, &command.base, once, on_previewed);
    if (status != 0)
        reply_silent(ask, status);
}

// ---- a whistle's route -------------------------------------------------------------------------

static void on_explained(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const ProtobufCMessage *explained =
        api_member(DOOR_DISPATCH, status, answer, "explained", &arena);
    if (explained != NULL)
        reply_message(ask, 200, explained);
    else
        api_refuse(ask, status, answer);
    wh_arena_done(&arena);
}

static int explain(struct gateway_ask *ask, const Whistle__V1__Whistle *whistle)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ExplainRoute explain = WHISTLE__V1__EXPLAIN_ROUTE__INIT;
    const Whistle__V1__Place *place = whistle->place;
    explain.category = whistle->category;
    explain.unit = place != NULL && place->unit[0] != '\0' ? place->unit : whistle->unit;
    explain.tags = whistle->tags;
    explain.n_tags = whistle->n_tags;
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_EXPLAIN;
    command.explain = &explain;
    return gateway_call(ask, DOOR_DISPATCH, &command.base, once, on_explained);
}

static void on_shown(void *arg, int status, const Whistle__V1__Answer *answer)
{
    struct gateway_ask *ask = arg;
    struct wh_arena arena;
    wh_arena_init(&arena, API_ARENA);
    const Whistle__V1__Whistle *whistle =
        (const void *)api_member(DOOR_DISPATCH, status, answer, "whistle", &arena);
    if (whistle == NULL) {
        api_refuse(ask, status, answer);
    } else {
        status = explain(ask, whistle);
        if (status != 0)
            reply_silent(ask, status);
    }
    wh_arena_done(&arena);
}

void on_whistle_route(struct gateway_ask *ask)
{
    Whistle__V1__DispatchCommand command = WHISTLE__V1__DISPATCH_COMMAND__INIT;
    Whistle__V1__ShowWhistle show = WHISTLE__V1__SHOW_WHISTLE__INIT;
    show.number = (char *)api_capture(ask, 0);
    command.what_case = WHISTLE__V1__DISPATCH_COMMAND__WHAT_SHOW;
    command.show = &show;
    int status = show.number == NULL
                     ? WH_E_NOMEM
                     : gateway_call(ask, DOOR_DISPATCH, &command.base, once, on_shown);
    if (status != 0)
        reply_silent(ask, status);
}
