// SPDX-License-Identifier: Apache-2.0
// The plan of an invented city's matters: where places lie, what happens where and when, who
// reports it and how wrongly. The words are matter_text.c.
#include "support/matter_gen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "support/matter_internal.h"

#define LAT 39.0 // of the city's south-western corner
#define LON 115.0
#define M_PER_DEGREE 111195.0
#define EPOCH INT64_C(1790000000000) // 2026-09-21
#define DAY_MS 86400000.0
#define CENTRES 48u
#define MAX_COPIES 40
#define RUSH_MINUTES 30.0
#define MINUTE_MS 60000.0
#define NEAR_M 400.0F
#define ON_THE_SPOT 0.35 // of sigma, where a telephone says the place
#define HOT_AGAIN 0.6
#define HASTY_WRONG 1.7 // times as often another category
#define RUSH_SHARE (1.0 / 80)

struct event {
    int64_t at;
    uint32_t place;
    uint16_t spot; // enum matter_spot × 1000 + number
    uint8_t copies;
    uint8_t rush; // not 0: one of a rush, so many things further in its family's kind
};

struct line {
    int64_t at;
    uint32_t event;
    uint8_t copy;
};

struct matter_set {
    struct matter_params p;
    struct matter_place *places;
    struct event *events;
    struct line *lines;
    uint32_t n_events, n_lines;
    uint32_t estates; // places[0 … estates - 1], streets behind them
    int weight;
    double again; // chance that another copy follows
};

static void *memory(size_t n, size_t each)
{
    void *got = calloc(n ? n : 1, each);
    if (!got)
        abort();
    return got;
}

static double normal(struct matter_rnd *r)
{
    return sqrt(-2 * log(matter_unit(r))) * cos(6.283185307179586 * matter_unit(r));
}

static int by_strip(const void *a, const void *b) // neighbours in the list lie near each other
{
    const struct matter_place *p = a, *q = b;
    int strip_p = (int)(p->y_m / 2000), strip_q = (int)(q->y_m / 2000);
    if (p->street != q->street)
        return p->street - q->street;
    if (strip_p != strip_q)
        return strip_p - strip_q;
    return p->x_m < q->x_m ? -1 : p->x_m > q->x_m;
}

static float inside(double m, double side)
{
    m = fmod(fabs(m), 2 * side);
    return (float)(m > side ? 2 * side - m : m);
}

static void lay(const struct matter_set *s, uint32_t i, struct matter_place *place)
{
    double side = s->p.side_km * 1000;
    struct matter_rnd r = matter_stream(s->p.seed, PLACE, i);
    place->street = i >= s->estates;
    place->spots = (uint8_t)(place->street ? 4 + matter_below(&r, 15) : 8 + matter_below(&r, 33));
    double x = matter_unit(&r) * side, y = matter_unit(&r) * side;
    if (matter_chance(&r, 0.6)) {
        struct matter_rnd c =
            matter_stream(s->p.seed, PLACE, UINT32_MAX - matter_below(&r, CENTRES));
        x = matter_unit(&c) * side + 2500 * normal(&r);
        y = matter_unit(&c) * side + 2500 * normal(&r);
    }
    place->x_m = inside(x, side);
    place->y_m = inside(y, side);
    matter_name(s->p.seed, place->street ? i - s->estates : i, place->street, place->name,
                sizeof place->name);
    matter_office(s->p.seed, (uint32_t)(place->x_m / 4000) * 64 + (uint32_t)(place->y_m / 4000),
                  place->office, sizeof place->office);
}

static int kind_of(const struct matter_set *s, struct matter_rnd *r)
{
    int at = (int)matter_below(r, (uint32_t)s->weight), k = 0;
    while ((at -= matter_kinds[k].weight) >= 0)
        k++;
    return k;
}

// What a family of twins shares. The same draws in the same order wherever it is asked.
struct family {
    struct matter_rnd r;
    int kind, object, state, effect, count;
    bool street;
    uint32_t place;
    double since_days;
};

static uint32_t place_of(const struct matter_set *s, struct matter_rnd *r, bool street)
{
    return street ? s->estates + matter_below(r, s->p.places - s->estates)
                  : matter_below(r, s->estates);
}

static struct family family_of(const struct matter_set *s, uint32_t event)
{
    struct family f = {.r = matter_stream(s->p.seed, FAMILY, event / (s->p.twins + 1))};
    f.kind = kind_of(s, &f.r);
    const struct matter_kind *kind = &matter_kinds[f.kind];
    f.object = (int)matter_below(&f.r, (uint32_t)matter_parts(kind->objects, ';'));
    f.state = (int)matter_below(&f.r, (uint32_t)matter_parts(kind->states, ';'));
    f.effect = (int)matter_below(&f.r, (uint32_t)matter_parts(kind->effects, ';'));
    f.count = 2 + (int)matter_below(&f.r, 30);
    f.street = matter_chance(&f.r, kind->street ? 0.75 : 0.1);
    f.since_days = -2.5 * log(matter_unit(&f.r));
    f.place = place_of(s, &f.r, f.street);
    return f;
}

// A family's members behind the first are its rush, where it has one: another thing of the kind.
static uint8_t rush_of(const struct matter_set *s, uint32_t event)
{
    uint32_t member = event % (s->p.twins + 1);
    struct matter_rnd r = matter_stream(s->p.seed, RUSH, event / (s->p.twins + 1));
    return !(s->p.burst > 0) || member < 2 || member > 3 || !matter_chance(&r, RUSH_SHARE)
               ? 0
               : (uint8_t)(member - 1);
}

// Told in haste from where it happens: by many at once, or one of several at once.
static bool is_hot(const struct matter_set *s, uint32_t event)
{
    bool first = event % (s->p.twins + 1) == 0;
    struct matter_rnd r = matter_stream(s->p.seed, RUSH, UINT64_C(1) << 48 | event);
    return s->p.burst > 0 &&
           (matter_chance(&r, s->p.burst) || rush_of(s, event) || (first && rush_of(s, event + 2)));
}

// What happens there: as in the family; in a rush another thing in another state, and the second of
// it of any kind.
static struct family matter_of(const struct matter_set *s, uint32_t event, uint8_t rush)
{
    struct family f = family_of(s, event);
    if (!rush)
        return f;
    struct matter_rnd r = matter_stream(s->p.seed, RUSH, UINT64_C(1) << 40 | event);
    if (rush > 1)
        f.kind = kind_of(s, &r);
    const struct matter_kind *kind = &matter_kinds[f.kind];
    f.object = (f.object + rush) % matter_parts(kind->objects, ';');
    f.state = (int)matter_below(&r, (uint32_t)matter_parts(kind->states, ';'));
    f.effect = (int)matter_below(&r, (uint32_t)matter_parts(kind->effects, ';'));
    f.count = 2 + (int)matter_below(&r, 30);
    return f;
}

// A place of the same sort near by; the same one, if there is none or by chance.
static uint32_t beside(const struct matter_set *s, uint32_t place, struct matter_rnd *r)
{
    const struct matter_place *at = &s->places[place];
    if (matter_chance(r, 0.15))
        return place;
    for (int t = 0; t < 60; t++) {
        uint32_t other = (place + s->p.places - 30 + matter_below(r, 61)) % s->p.places;
        const struct matter_place *p = &s->places[other];
        if (p->street == at->street && hypotf(p->x_m - at->x_m, p->y_m - at->y_m) < NEAR_M)
            return other;
    }
    return place;
}

static uint16_t spot_of(const struct matter_place *place, struct matter_rnd *r)
{
    uint32_t at = matter_below(r, 10);
    if (!place->street)
        return (uint16_t)(at < 7 ? BUILDING * 1000 + 1 + matter_below(r, place->spots)
                                 : SIDE * 1000 + matter_below(r, 10));
    if (at < 5)
        return (uint16_t)(HOUSE * 1000 + 1 + matter_below(r, place->spots * 10u));
    return (uint16_t)(at < 8 ? CROSSING * 1000 + matter_below(r, 6)
                             : LANDMARK * 1000 + matter_below(r, 12));
}

// Where a family's member happens: the first anywhere, the next near it, the others anywhere.
// Two matters of one kind at one spot would be one matter: there is never a second one.
static void settle(struct matter_set *s, uint32_t i, struct wh_map *taken)
{
    struct event *event = &s->events[i];
    event->rush = rush_of(s, i);
    struct family f = matter_of(s, i, event->rush);
    uint32_t member = i % (s->p.twins + 1);
    struct matter_rnd r = matter_stream(s->p.seed, EVENT, i);
    int64_t key;
    event->place = f.place;
    for (int t = 0;; t++) {
        if (member > 0)
            event->place = place_of(s, &r, f.street);
        if (member == 1) {
            uint32_t low = f.street ? s->estates : 0, high = f.street ? s->p.places : s->estates;
            uint32_t near = f.place + 1 + matter_below(&r, 40);
            event->place = near < high ? near : low + (near - low) % (high - low);
        }
        if (event->rush)
            event->place = beside(s, f.place, &r);
        struct matter_rnd same = f.r;
        event->spot = spot_of(&s->places[event->place], t < 2 && !event->rush ? &same : &r);
        key = (int64_t)(((uint64_t)event->place << 16 | event->spot) << 12 |
                        (uint64_t)(f.kind * 8 + f.object));
        if (!wh_map_has(taken, key) || t > 60)
            break;
    }
    if (wh_map_put_index(taken, key, 1) != 0)
        abort();
    event->at = EPOCH + (int64_t)(matter_unit(&r) * s->p.days * DAY_MS);
    if (event->rush)
        event->at = s->events[i - i % (s->p.twins + 1)].at + 1 +
                    (int64_t)(-RUSH_MINUTES * MINUTE_MS * log(matter_unit(&r)));
}

static void add_line(struct matter_set *s, uint32_t event, int64_t at)
{
    s->lines[s->n_lines++] = (struct line){at, event, s->events[event].copies++};
}

static void happen(struct matter_set *s, uint32_t i, struct wh_map *taken)
{
    settle(s, i, taken);
    struct matter_rnd r = matter_stream(s->p.seed, EVENT, UINT64_C(1) << 40 | i);
    bool hot = is_hot(s, i);
    add_line(s, i, s->events[i].at);
    while (s->n_lines < s->p.reports && s->events[i].copies < MAX_COPIES &&
           matter_chance(&r, hot ? HOT_AGAIN : s->again)) {
        bool soon = hot && matter_chance(&r, 0.8);
        double mean = soon ? RUSH_MINUTES * MINUTE_MS : s->p.delay_days * DAY_MS;
        double delay = -mean * log(matter_unit(&r));
        int64_t at = s->events[i].at + 1 + (int64_t)delay;
        if (at < EPOCH + (int64_t)(s->p.days * DAY_MS))
            add_line(s, i, at);
    }
}

// How likely another copy follows, so that those within the set's days are the share asked for.
static double again(const struct matter_params *p)
{
    double share = p->delay_days / p->days, kept = 1 - share * (1 - exp(-1 / share));
    double copies = p->copies / (1 - p->copies) / kept;
    return copies / (1 + copies);
}

static int by_time(const void *a, const void *b)
{
    const struct line *p = a, *q = b;
    if (p->at != q->at)
        return p->at < q->at ? -1 : 1;
    return p->event != q->event ? (p->event < q->event ? -1 : 1) : p->copy - q->copy;
}

static void defaults(struct matter_params *p)
{
    static const struct matter_params d = {3,    100000, 40000, 12,      60,   35, 130, 0.05, 1300,
                                           0.08, 0.15,   6,     1.0 / 9, 0.20, 0,  500, 840};
#define FILL(field) p->field = p->field > 0 ? p->field : d.field
    FILL(seed), FILL(reports), FILL(places), FILL(twins), FILL(side_km), FILL(days);
    FILL(sigma_m), FILL(misplaced), FILL(misplaced_m), FILL(unlocated), FILL(wrong);
    FILL(delay_days), FILL(copies), FILL(own), FILL(burst), FILL(radius_m), FILL(window_h);
#undef FILL
}

struct matter_set *matter_set_new(const struct matter_params *params)
{
    struct matter_set *s = memory(1, sizeof *s);
    struct wh_map taken = {0};
    s->p = *params;
    defaults(&s->p);
    s->again = again(&s->p);
    for (int k = 0; k < matter_n_kinds; k++)
        s->weight += matter_kinds[k].weight;
    s->estates = s->p.places / 5 * 3 + 1;
    s->places = memory(s->p.places, sizeof *s->places);
    s->events = memory(s->p.reports, sizeof *s->events);
    s->lines = memory(s->p.reports, sizeof *s->lines);
    for (uint32_t i = 0; i < s->p.places; i++)
        lay(s, i, &s->places[i]);
    qsort(s->places, s->p.places, sizeof *s->places, by_strip);
    while (s->n_lines < s->p.reports)
        happen(s, s->n_events++, &taken);
    qsort(s->lines, s->n_lines, sizeof *s->lines, by_time);
    wh_map_done(&taken);
    return s;
}

void matter_set_free(struct matter_set *set)
{
    if (!set)
        return;
    free(set->places);
    free(set->events);
    free(set->lines);
    free(set);
}

const struct matter_params *matter_set_params(const struct matter_set *set)
{
    return &set->p;
}

uint32_t matter_set_event(const struct matter_set *set, uint32_t i)
{
    return set->lines[i].event;
}

bool matter_set_has_earlier(const struct matter_set *set, uint32_t i)
{
    return set->lines[i].copy > 0; // copies come after the first report
}

static void misplace(const struct matter_set *s, const struct event *event, struct matter_rnd *r,
                     struct matter_report *ret)
{
    bool hot = is_hot(s, ret->event);
    const struct matter_place *place = &s->places[event->place];
    struct matter_rnd at =
        matter_stream(s->p.seed, PLACE, (uint64_t)event->place << 32 | event->spot);
    double spread = place->street ? 250 : 80; // of its spots around a place's middle
    double sigma = hot ? s->p.sigma_m * ON_THE_SPOT : s->p.sigma_m;
    double x = place->x_m + spread * normal(&at) + sigma * normal(r);
    double y = place->y_m + spread * normal(&at) + sigma * normal(r);
    if (matter_chance(r, s->p.misplaced)) {
        double far = s->p.misplaced_m * (1 + 0.25 * normal(r)), turn = 6.283185307 * matter_unit(r);
        x += far * cos(turn);
        y += far * sin(turn);
    }
    ret->located = !matter_chance(r, hot ? 2 * s->p.unlocated : s->p.unlocated);
    ret->lat = ret->located ? LAT + y / M_PER_DEGREE : 0;
    ret->lon = ret->located ? LON + x / (M_PER_DEGREE * cos(LAT * 0.017453292519943295)) : 0;
}

// The subdistrict that raises it, 4 km square; one in twenty stands with a neighbour's.
static int32_t unit_of(const struct matter_place *place, struct matter_rnd *r)
{
    float shift = matter_chance(r, 0.05) ? 3000 : 0;
    return 1 + (int32_t)((place->x_m + shift) / 4000) * 64 + (int32_t)((place->y_m + shift) / 4000);
}

// Half of the wrong ones take the next category (they stand beside their likes), half any.
static int32_t category_of(const struct matter_set *s, int kind, bool hot, struct matter_rnd *r)
{
    if (!matter_chance(r, hot ? HASTY_WRONG * s->p.wrong : s->p.wrong))
        return kind + 1;
    uint32_t n = (uint32_t)matter_n_kinds;
    uint32_t step = matter_chance(r, 0.5) ? 1 : 1 + matter_below(r, n - 1);
    return (int32_t)(((uint32_t)kind + step) % n) + 1;
}

// One in twelve reports comes from somebody who reports much (an area's 400), a quarter from nobody
// known; the others from persons of their own.
static uint64_t reporter_of(const struct matter_set *s, const struct line *line, bool own)
{
    struct matter_rnd r =
        matter_stream(s->p.seed, COPY, (uint64_t)(own ? 0 : line->copy) << 40 | line->event);
    uint32_t who = matter_below(&r, 12);
    if (who < 3)
        return 0;
    if (who > 3)
        return matter_next(&r) | 1;
    const struct matter_place *place = &s->places[s->events[line->event].place];
    uint64_t area = (uint64_t)(place->x_m / 6000) * 64 + (uint64_t)(place->y_m / 6000);
    return matter_mix(area * 400 + matter_below(&r, 400) + s->p.seed) | 1;
}

// A title and no more: half of what is told in haste, and one in forty of the others.
static bool brief(const struct matter_set *s, const struct line *line)
{
    struct matter_rnd r = matter_stream(
        s->p.seed, RUSH, UINT64_C(2) << 56 | (uint64_t)line->copy << 40 | line->event);
    bool hot = is_hot(s, line->event) &&
               (double)(line->at - s->events[line->event].at) < 4 * RUSH_MINUTES * MINUTE_MS;
    return s->p.burst > 0 && matter_chance(&r, hot ? 0.5 : 0.025);
}

// In a rush one in ten of the first reports is by who told the family's first.
static uint64_t reporter_in_rush(const struct matter_set *s, const struct line *line, bool own)
{
    struct line first = {.event = line->event - line->event % (s->p.twins + 1)};
    struct matter_rnd r = matter_stream(
        s->p.seed, RUSH, UINT64_C(3) << 56 | (uint64_t)line->copy << 40 | line->event);
    bool same = s->events[line->event].rush && line->copy == 0 && matter_chance(&r, 0.1);
    return reporter_of(s, same ? &first : line, own);
}

void matter_set_report(const struct matter_set *set, uint32_t i, struct matter_report *ret)
{
    const struct line *line = &set->lines[i];
    const struct event *event = &set->events[line->event];
    struct family f = matter_of(set, line->event, event->rush);
    struct matter_rnd r = matter_stream(
        set->p.seed, COPY, UINT64_C(1) << 56 | (uint64_t)line->copy << 40 | line->event);
    bool own = line->copy > 0 && matter_chance(&r, set->p.own);
    *ret = (struct matter_report){.id = (int64_t)i + 1,
                                  .at = line->at,
                                  .event = line->event,
                                  .copy = line->copy,
                                  .has_earlier = line->copy > 0,
                                  .radius_m = set->p.radius_m,
                                  .window_h = set->p.window_h};
    misplace(set, event, &r, ret);
    ret->category = category_of(set, f.kind, is_hot(set, line->event), &r);
    ret->unit = unit_of(&set->places[event->place], &r);
    ret->reporter = reporter_in_rush(set, line, own);
    struct matter_rnd detail = f.r;
    struct matter_facts facts = {.kind = &matter_kinds[f.kind],
                                 .place = &set->places[event->place],
                                 .spot = event->spot / 1000,
                                 .number = event->spot % 1000,
                                 .gate = 1 + (int)matter_below(&detail, 4),
                                 .floor = 1 + (int)matter_below(&detail, 18),
                                 .object = f.object,
                                 .state = f.state,
                                 .effect = f.effect,
                                 .count = f.count,
                                 .since = event->at - (int64_t)(f.since_days * DAY_MS),
                                 .first = matter_next(&detail),
                                 .repeat = own,
                                 .brief = brief(set, line)};
    uint32_t near = event->place + 1 + (uint32_t)facts.number;
    facts.crossing = &set->places[near % set->p.places];
    facts.days = 1 + (int)((double)(line->at - facts.since) / DAY_MS);
    facts.wording = line->copy == 0 ? facts.first : matter_next(&r);
    matter_words(&facts, ret);
}
