// SPDX-License-Identifier: Apache-2.0
// What a person decides: join, split. ask.c says whether and what; here it is said and written.
#include <stdio.h>
#include <string.h>

#include "client/keys.h"
#include "dedup/handler.h"
#include "dedup/wire.h"

#define EVENT(name) WHISTLE__V1__DEDUP_EVENT__WHAT_##name

static struct asker asker_of(const struct dedup *state, const struct wh_item *item)
{
    const struct wh_district *district = dedup_district(state);
    return (struct asker){.party = district != NULL && item->actor.identity != NULL
                                       ? wh_district_id(district, item->actor.identity)
                                       : 0,
                          .district = (item->actor.roles & WH_ROLE_DISTRICT) != 0};
}

static int refuse(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                  const struct ask_fault *fault)
{
    struct say say = dedup_say(state, wh_turn_arena(turn));
    const char *number = say_number(&say, fault->detail);
    if (number == NULL || *number == 0)
        return wh_refuse(turn, item, fault->rule, fault->field, NULL);
    return wh_refuse(turn, item, fault->rule, fault->field, "%s", number);
}

static int done(struct wh_turn *turn, const struct wh_item *item, const char *number,
                const char *state)
{
    wh_done(turn, item, number, state);
    return 0;
}

// ---- join ---------------------------------------------------------------------------------------

static const Whistle__V1__JoinWhistle *join_message(const struct wh_item *item)
{
    return (const Whistle__V1__JoinWhistle *)item->message;
}

int need_join(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    struct wire_fault fault;
    struct ask_join ask;
    if (wire_join(join_message(item), dedup_district(state), &ask, &fault) != 0)
        return 0;
    int error = dedup_need_matter(state, turn, ask.number);
    if (error == 0)
        error = dedup_need_matter(state, turn, ask.into);
    return error == 0 ? dedup_need_facts(state, turn, ask.number) : error;
}

// Why a person's join looks right or not by the numbers: told, and decides nothing.
static Whistle__V1__Likeness *person_likeness(struct dedup *state, struct say *say, int64_t number,
                                              int64_t root)
{
    struct resemblance like = {.root = root, .compared = root, .rule = "PERSON"};
    const struct match_report *mine = reports_get(&state->reports, number);
    const struct match_report *other = reports_get(&state->reports, root);
    like.score.distance_m = -1;
    if (mine != NULL && other != NULL) {
        match_score(state->reports.probe, state->model, simindex_corpus(state->reports.index), mine,
                    other, &like.score);
        like.band = match_band(state->model, &like.score);
    }
    return say_likeness(say, &like, "");
}

// Words of danger anywhere in the branch that the matter does not have.
static void branch_danger(struct dedup *state, struct say *say, int64_t branch, int64_t into,
                          Whistle__V1__WhistleMerged *merged)
{
    const Whistle__V1__District *data = wh_district_data(dedup_district(state));
    merged->danger = say_list(say, data->n_danger_words);
    for (size_t i = 0; i < data->n_danger_words && !say->failed; i++) {
        struct danger word = {0};
        raised_danger_word(data->danger_words[i], &word);
        if (matters_has_danger(state->matters, branch, word.hashes[0]) &&
            !matters_has_danger(state->matters, into, word.hashes[0]))
            merged->danger[merged->n_danger++] = data->danger_words[i];
    }
}

static int do_join(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                   const struct ask_join *ask, int64_t into)
{
    const Whistle__V1__JoinWhistle *message = join_message(item);
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleMerged merged = WHISTLE__V1__WHISTLE_MERGED__INIT;
    struct say say = dedup_say(state, wh_turn_arena(turn));
    struct decide_by by = dedup_by(state, wh_turn_now(turn));
    const struct standing *mine = matters_get(state->matters, ask->number);
    size_t joining = matters_supporters(state->matters, ask->number) + 1;
    merged.blown = dedup_blown_of(dedup_facts(state, wh_turn_arena(turn), ask->number));
    if (merged.blown == NULL || merged.blown->whistle == NULL)
        return WH_E_INVALID;
    merged.blown->whistle->priority = (Whistle__V1__Priority)mine->priority;
    merged.number = message->number;
    merged.into = say_number(&say, into);
    merged.why = person_likeness(state, &say, ask->number, into);
    merged.reason = message->reason;
    merged.how = ask->how;
    merged.supporters = (int32_t)(matters_supporters(state->matters, into) + joining);
    branch_danger(state, &say, ask->number, into, &merged);
    merged.raise_to = (Whistle__V1__Priority)decide_raise(&by, into, mine->priority, joining);
    merged.title = merged.blown->whistle->title;
    merged.text = merged.blown->whistle->text;
    merged.by_person = true;
    event.what_case = EVENT(MERGED);
    event.merged = &merged;
    if (say.failed)
        return WH_E_NOMEM;
    state->told.joined++;
    state->told.danger += merged.n_danger > 0;
    return dedup_emit(state, turn, item,
                      &(struct dedup_event){.event = &event,
                                            .object = ask->number,
                                            .facts = merged.blown->whistle,
                                            .matter = into});
}

static int do_recurs(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                     int64_t number, int64_t of)
{
    const Whistle__V1__JoinWhistle *message = join_message(item);
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleRecurs recurs = WHISTLE__V1__WHISTLE_RECURS__INIT;
    struct say say = dedup_say(state, wh_turn_arena(turn));
    bool held = matters_get(state->matters, number)->stage == STAGE_HELD;
    recurs.number = message->number;
    recurs.of = say_number(&say, of);
    recurs.reason = message->reason;
    event.what_case = EVENT(RECURS);
    event.recurs = &recurs;
    if (say.failed)
        return WH_E_NOMEM;
    int error = dedup_emit(state, turn, item,
                           &(struct dedup_event){.event = &event, .object = number, .matter = of});
    return error == 0 && held ? dedup_release(state, turn, item, number, "SEPARATED") : error;
}

int on_join(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    struct wire_fault wrong;
    struct ask_fault fault = {0};
    struct ask_join ask;
    int64_t other = 0;
    dedup_settle(state, turn);
    if (dedup_district(state) == NULL)
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    if (wire_join(join_message(item), dedup_district(state), &ask, &wrong) != 0)
        return wh_refuse(turn, item, wrong.rule, wrong.field, NULL);
    struct asker who = asker_of(state, item);
    ask.now = wh_turn_now(turn);
    int error = 0;
    switch (ask_join(state->matters, &who, &ask, &other, &fault)) {
    case ASK_DONE:
        return done(turn, item, join_message(item)->number,
                    ask.how == WHISTLE__V1__JOIN_AS__JOIN_AS_RECURRING ? "RECURS" : "MERGED");
    case ASK_JOIN:
        error = do_join(state, turn, item, &ask, other);
        break;
    case ASK_RECURS:
        error = do_recurs(state, turn, item, ask.number, other);
        break;
    default:
        return refuse(state, turn, item, &fault);
    }
    return error == 0 ? dedup_stand(state) : error;
}

// ---- split --------------------------------------------------------------------------------------

static const Whistle__V1__SplitWhistle *split_message(const struct wh_item *item)
{
    return (const Whistle__V1__SplitWhistle *)item->message;
}

int need_split(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    struct wire_fault fault;
    int64_t number = 0;
    if (wire_split(split_message(item), dedup_district(state), &number, &fault) != 0)
        return 0;
    int error = dedup_need_matter(state, turn, number);
    return error == 0 ? dedup_need_facts(state, turn, number) : error;
}

// What joins raised goes back as far as who stays in it, and how many, allow.
static Whistle__V1__Priority lower_to(const struct dedup *state, int64_t number, int64_t from)
{
    const struct standing *matter = matters_get(state->matters, from);
    size_t leaving = matters_supporters(state->matters, number) + 1;
    size_t staying = matters_supporters(state->matters, from) - leaving;
    if (matter->raised == 0)
        return WHISTLE__V1__PRIORITY__PRIORITY_UNSPECIFIED;
    uint8_t to = decide_priority(&state->settings, (uint8_t)matter->raised,
                                 matters_urgency(state->matters, from, number), staying);
    return to > matter->priority ? to : WHISTLE__V1__PRIORITY__PRIORITY_UNSPECIFIED;
}

int dedup_split(struct dedup *state, struct wh_turn *turn, const struct wh_item *item,
                int64_t number, char *reason, bool untaken)
{
    int64_t from = matters_root(state->matters, number);
    Whistle__V1__DedupEvent event = WHISTLE__V1__DEDUP_EVENT__INIT;
    Whistle__V1__WhistleSplit split = WHISTLE__V1__WHISTLE_SPLIT__INIT;
    struct say say = dedup_say(state, wh_turn_arena(turn));
    const struct standing *mine = matters_get(state->matters, number);
    size_t leaving = matters_supporters(state->matters, number) + 1;
    split.blown = dedup_blown_of(dedup_facts(state, wh_turn_arena(turn), number));
    if (split.blown == NULL || split.blown->whistle == NULL)
        return WH_E_INVALID;
    split.blown->whistle->priority = (Whistle__V1__Priority)mine->priority;
    split.number = say_number(&say, number);
    split.from = say_number(&say, from);
    split.reason = reason;
    split.untaken = untaken;
    split.supporters = (int32_t)(matters_supporters(state->matters, from) - leaving);
    split.lower_to = lower_to(state, number, from);
    say_through(&say, state->matters, number, &split.n_through, &split.through);
    event.what_case = EVENT(SPLIT);
    event.split = &split;
    if (say.failed)
        return WH_E_NOMEM;
    state->told.split++;
    return dedup_emit(
        state, turn, item,
        &(struct dedup_event){
            .event = &event, .object = number, .facts = split.blown->whistle, .matter = from});
}

int on_split(void *arg, struct wh_turn *turn, const struct wh_item *item)
{
    struct dedup *state = arg;
    struct wire_fault wrong;
    struct ask_fault fault = {0};
    int64_t number = 0, other = 0;
    dedup_settle(state, turn);
    if (dedup_district(state) == NULL)
        return wh_refuse(turn, item, WH_RULE_DISTRICT_MISSING, NULL, NULL);
    if (wire_split(split_message(item), dedup_district(state), &number, &wrong) != 0)
        return wh_refuse(turn, item, wrong.rule, wrong.field, NULL);
    struct asker who = asker_of(state, item);
    int error = 0;
    switch (ask_split(state->matters, &who, number, &other, &fault)) {
    case ASK_DONE:
        return done(turn, item, split_message(item)->number, "SEPARATED");
    case ASK_SPLIT:
        error = dedup_split(state, turn, item, number, split_message(item)->reason, false);
        break;
    case ASK_CLEAR:
        state->told.split++;
        error = dedup_release(state, turn, item, number, "SEPARATED");
        break;
    default:
        return refuse(state, turn, item, &fault);
    }
    return error == 0 ? dedup_stand(state) : error;
}

// ---- what an answer says ------------------------------------------------------------------------

void dedup_describe(const Whistle__V1__Event *event, const ProtobufCMessage *payload,
                    struct wh_done *ret_done)
{
    const Whistle__V1__DedupEvent *said = (const Whistle__V1__DedupEvent *)payload;
    const char *number = "", *state = "";
    (void)event;
    switch (said->what_case) {
    case EVENT(MERGED):
        number = said->merged->number;
        state = "MERGED";
        break;
    case EVENT(SPLIT):
        number = said->split->number;
        state = "SEPARATED";
        break;
    case EVENT(RECURS):
        number = said->recurs->number;
        state = "RECURS";
        break;
    case EVENT(CLEARED):
        number = said->cleared->blown != NULL && said->cleared->blown->whistle != NULL
                     ? said->cleared->blown->whistle->number
                     : "";
        state = "SEPARATED";
        break;
    default:
        break;
    }
    (void)snprintf(ret_done->ref, sizeof ret_done->ref, "%s", number);
    (void)snprintf(ret_done->state, sizeof ret_done->state, "%s", state);
}
