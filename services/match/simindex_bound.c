// SPDX-License-Identifier: Apache-2.0
// Interval arithmetic over the model's features, from another's card. What is hashed may be the
// same where it looks so; two of the report's bigrams in one place of a table count as both, so a
// sum over shared words is never too small.
#include <math.h>

#include "match/simindex_bound_internal.h"

#define NUMBERS_MOST 3        // that count
#define SLACK 0.002f          // what floats may be wrong by
#define EAST_8 480u           // minutes that days begin earlier
#define M_PER_UNIT 0.0111195f // of 1e-7 degrees of latitude

static unsigned time_of(uint32_t minutes)
{
    if (minutes < 4)
        return minutes;
    unsigned doubling = 31u - (unsigned)__builtin_clz(minutes);
    return (doubling - 1) * 4 + (minutes >> (doubling - 2) & 3);
}

struct near {
    float value;     // of CLOSE, NEAR and DISTANCE
    float low, high; // between which CLOSE lies
};

// Of two located reports; the plane is right to 2 % as far as the categories' radii reach.
static struct near space(const struct simindex_bound *bound, const float *near,
                         const struct simindex_card *card)
{
    const struct simindex_card *mine = &bound->card;
    int64_t turn = (int64_t)mine->place.lon - card->place.lon;
    turn = turn > 1800000000 ? turn - 3600000000 : turn < -1800000000 ? turn + 3600000000 : turn;
    float y = (float)((int64_t)mine->place.lat - card->place.lat) * M_PER_UNIT;
    float x = (float)turn * M_PER_UNIT * bound->cos_lat;
    uint16_t widest = mine->radius_m > card->radius_m ? mine->radius_m : card->radius_m;
    float metres = sqrtf(x * x + y * y);
    float unit = 1 / (STEP * (float)(widest ? widest : MATCH_RADIUS_M));
    float low = (metres * 0.979f - 2) * unit, high = (metres * 1.021f + 2) * unit;
    unsigned from = low > 0 ? (unsigned)least(low, STEPS) : 0;
    if (metres > 50000 || high >= STEPS)
        return (struct near){most(near[STEPS], near[from]), 0, bound->close[from]};
    unsigned to = (unsigned)high;
    struct near ret = {near[from], bound->close[to + 1], bound->close[from]};
    for (unsigned step = from + 1; step <= to; step++)
        ret.value = most(ret.value, near[step]);
    return ret;
}

static float party(const struct simindex_bound *bound, enum match_section section,
                   const struct simindex_card *card, unsigned time)
{
    const float *weight = bound->weight[section];
    const struct simindex_card *mine = &bound->card;
    float value = 0, same = weight[MATCH_CATEGORY] + bound->burst[section][time];
    if (mine->reporter && mine->reporter == card->reporter)
        value = most(weight[MATCH_REPORTER], 0);
    if (mine->unit && card->unit)
        value += mine->unit == card->unit ? most(weight[MATCH_UNIT], weight[MATCH_UNIT_OTHER])
                                          : weight[MATCH_UNIT_OTHER];
    if (!mine->category || !card->category)
        return value;
    if (mine->category != card->category)
        return value + weight[MATCH_CATEGORY_OTHER];
    return value +
           (mine->category == SIMINDEX_SOME ? most(same, weight[MATCH_CATEGORY_OTHER]) : same);
}

static float numbers(const struct simindex_bound *bound, const float *weight, uint32_t others)
{
    size_t shared = bound->numbers_left;
    for (size_t i = 0; i < bound->numbers_n; i++)
        shared += (bound->numbers[i] & others) != 0;
    float all = (float)(shared < NUMBERS_MOST ? shared : NUMBERS_MOST);
    float none = weight[MATCH_NUMBERS_OTHER];
    return shared ? most(none, best(weight[MATCH_NUMBERS_SHARED], 1, all)) : none;
}

// Where at the place.
static float spots(const struct simindex_bound *bound, const float *weight,
                   const struct simindex_card *card)
{
    bool mine = bound->card.kinds & SIMINDEX_SPOTS, others = card->kinds & SIMINDEX_SPOTS;
    bool spot = bound->spots & card->values, house = bound->houses & card->values;
    if (mine != others)
        return weight[MATCH_SPOT_ONE];
    if (!mine)
        return 0;
    // Where numbers conflict it is 0.
    bool conflict = bound->card.kinds & card->kinds & SIMINDEX_NUMBERS;
    if (!spot && !house && !conflict)
        return weight[MATCH_SPOT_OTHER];
    return most(weight[MATCH_SPOT_OTHER], 0) + (spot ? most(weight[MATCH_SPOT], 0) : 0);
}

// Does it say that it began after the other was reported? 0 no, 1 yes, 2 perhaps.
static unsigned is_late(const struct simindex_card *a, const struct simindex_card *b)
{
    if (!(a->kinds >> MATCH_FACT_SINCE & 1))
        return 0;
    if (a->kinds & SIMINDEX_MANY_DAYS || !b->minute)
        return 2;
    return (a->since & (SIMINDEX_DAY_ABOUT - 1)) > (b->minute + EAST_8) / 1440;
}

static float late(const struct simindex_card *a, const struct simindex_card *b, float weight)
{
    unsigned one = is_late(a, b), other = is_late(b, a);
    if (one == 1 || other == 1)
        return weight;
    return one || other ? most(weight, 0) : 0;
}

static float days(const struct simindex_bound *bound, enum match_section section,
                  const struct simindex_card *card, unsigned time)
{
    const float *weight = bound->weight[section];
    const struct simindex_card *mine = &bound->card;
    float same = weight[MATCH_SINCE] + bound->since[section][time];
    float next = weight[MATCH_SINCE_NEXT], other = weight[MATCH_SINCE_OTHER];
    if ((mine->kinds | card->kinds) & SIMINDEX_MANY_DAYS)
        return most(same, most(next, other));
    int32_t a = mine->since & (SIMINDEX_DAY_ABOUT - 1), b = card->since & (SIMINDEX_DAY_ABOUT - 1);
    if (a > b + 1 || b > a + 1)
        return other;
    return a == b || (mine->since | card->since) & SIMINDEX_DAY_ABOUT ? same : next;
}

static float facts(const struct simindex_bound *bound, enum match_section section,
                   const struct simindex_card *card, unsigned time)
{
    const float *weight = bound->weight[section];
    uint32_t both = bound->card.kinds & card->kinds;
    float value = spots(bound, weight, card) + late(&bound->card, card, weight[MATCH_SINCE_LATE]);
    if ((bound->houses | bound->routes) & card->values)
        value += most(weight[MATCH_PLACE_NUMBER], 0);
    if (both >> MATCH_FACT_DISTRICT & 1)
        value += most(weight[MATCH_DISTRICT_ALL], 0);
    if (both >> MATCH_FACT_NUMBER & 1)
        value += numbers(bound, weight, card->values);
    if (both >> MATCH_FACT_SINCE & 1)
        value += days(bound, section, card, time);
    return value;
}

// The idf of the rarest name of a place that both may have.
static float shared_name(const struct simindex_bound *bound, const struct simindex_card *card)
{
    float name = bound->names_left;
    if (card->kinds & SIMINDEX_MANY_NAMES)
        return bound->top;
    for (size_t i = 0; i < bound->names_n; i++) {
        uint32_t word = bound->names[i].word;
        if (!(card->words[word / 64] >> word % 64 & 1))
            continue;
        name = most(name, bound->names[i].idf);
        break;
    }
    for (size_t i = 0; i < SIMINDEX_NAMES && card->names[i] != SIMINDEX_NO_CODE; i++)
        name = most(name, bound->rarest[card->names[i]]);
    return name;
}

static float names(const struct simindex_bound *bound, const float *weight,
                   const struct simindex_card *card, struct near near)
{
    float name = shared_name(bound, card), mine = bound->weights.name;
    float both = least(mine, (float)card->name * SIMINDEX_NAME_STEP);
    float each = weight[MATCH_NAME] + best(weight[MATCH_NAME_CLOSE], near.low, near.high);
    return (best(each, 0, name) + best(weight[MATCH_NAME_OTHER], most(both - name, 0), mine)) /
           MATCH_NATS;
}

static floats shared(const struct simindex_bound *bound, const struct simindex_card *card)
{
    floats sum[4] = {{0}};
    const floats(*four)[16] = bound->four;
    for (size_t i = 0; i < SIMINDEX_WORDS; i++) {
        uint64_t words = card->words[i];
        for (size_t k = 0; k < 16; k += 4, words >>= 16, four += 4) {
            sum[0] += four[0][words & 15];
            sum[1] += four[1][words >> 4 & 15];
            sum[2] += four[2][words >> 8 & 15];
            sum[3] += four[3][words >> 12 & 15];
        }
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

// part is never too small, whole never too large: 1 where it is not known.
static float ratio(float part, float whole)
{
    return part < whole ? part / whole : part > 0 ? 1 : 0;
}

// others: of the other's title what may be shared.
static float words(const struct simindex_bound *bound, const struct simindex_bounded *by,
                   const struct simindex_card *card, float others)
{
    const float *weight = bound->weight[by->section];
    float share = ratio(others, simindex_floor_of(card->topic));
    float more = most(by->topic, share);
    return best_of_two(weight, by->all, least(by->topic, share)) +
           best(weight[MATCH_TOPIC_MAX], 0, more) +
           (by->strange ? best(weight[MATCH_TOPIC_STRANGE], 0, more) : 0);
}

static enum match_section section_of(const struct simindex_card *a, const struct simindex_card *b)
{
    if (a->place.lat != INT32_MAX && b->place.lat != INT32_MAX)
        return (a->kinds | b->kinds) & SIMINDEX_BRIEF ? MATCH_BRIEF : MATCH_PLACED;
    return (a->unit && b->unit) || (a->category && b->category) ? MATCH_AREA : MATCH_TEXT;
}

static unsigned time_between(const struct simindex_card *a, const struct simindex_card *b)
{
    if (!a->minute || !b->minute)
        return TIMES;
    return time_of(a->minute > b->minute ? a->minute - b->minute : b->minute - a->minute);
}

// All but the words.
static float rest(const struct simindex_bound *bound, enum match_section section,
                  const struct simindex_card *card)
{
    const struct simindex_card *mine = &bound->card;
    const float *weight = bound->weight[section];
    unsigned time = time_between(mine, card);
    uint8_t title = mine->title_chars < card->title_chars ? mine->title_chars : card->title_chars;
    struct near near = {0};
    if (section == MATCH_PLACED || section == MATCH_BRIEF)
        near = space(bound, bound->near[section], card);
    return weight[MATCH_BIAS] + SLACK + near.value + bound->ago[section][time] +
           weight[MATCH_SHORTER_TITLE] * bound->ln[title] + party(bound, section, card, time) +
           facts(bound, section, card, time) + names(bound, weight, card, near);
}

struct simindex_bounded simindex_bound_of(const struct simindex_bound *bound,
                                          const struct simindex_card *card,
                                          const float floor[MATCH_SECTIONS])
{
    enum match_section section = section_of(&bound->card, card);
    const float *weight = bound->weight[section];
    uint16_t mine = bound->card.category, others = card->category;
    struct simindex_bounded by = {.section = section, .rest = rest(bound, section, card)};
    by.bound = by.rest + bound->words[section];
    if (by.bound < floor[section])
        return by;
    floats sum = shared(bound, card);
    by.all = ratio(sum[ALL], bound->norm * simindex_floor_of(card->norm));
    by.topic = ratio(sum[TOPIC], bound->weights.topic);
    by.strange = mine && others && (mine != others || mine == SIMINDEX_SOME);
    by.rest += best(weight[MATCH_CONTAIN_MIN], 0, ratio(sum[TITLE], bound->weights.title)) +
               best(weight[MATCH_CONTAIN_MAX], 0, 1);
    by.bound = by.rest + words(bound, &by, card, sum[OTHERS]);
    return by;
}

float simindex_bound_closer(const struct simindex_bound *bound, const struct simindex_bounded *by,
                            const struct simindex_card *card, const struct simindex_topics *topics)
{
    float others = 0;
    if (card->kinds & SIMINDEX_MANY_TOPICS)
        return by->bound;
    for (size_t i = 0; i < SIMINDEX_TOPICS && topics->code[i] != SIMINDEX_NO_CODE; i++)
        others += bound->topic[topics->code[i]];
    return by->rest + words(bound, by, card, others);
}

double simindex_logit_of(const struct match_model *model, enum match_section section,
                         double likeness)
{
    const struct match_point *points = model->part[section].points;
    size_t n = model->part[section].points_n;
    if (n == 0)
        return log(likeness / (1 - likeness)) - 1e-6;
    if (points[0].probability >= likeness)
        return -HUGE_VAL;
    for (size_t i = 1; i < n; i++) {
        double rise = points[i].probability - points[i - 1].probability;
        if (points[i].probability < likeness)
            continue;
        double share = (likeness - points[i - 1].probability) / rise;
        return points[i - 1].score + share * (points[i].score - points[i - 1].score) - 1e-6;
    }
    return HUGE_VAL;
}
