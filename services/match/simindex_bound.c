// SPDX-License-Identifier: Apache-2.0
// Interval arithmetic over the model's features, from another's card. What is hashed may be the
// same where it looks so; two of the report's bigrams in one place of a table count as both, so a
// sum over shared words is never too small.
#include <math.h>

#include "match/simindex_bound_internal.h"

#define NUMBERS_MOST 3        // that count
#define SLACK 0.002f          // what floats may be wrong by
#define M_PER_UNIT 0.0111195f // of 1e-7 degrees of latitude

static unsigned time_of(uint32_t minutes)
{
    if (minutes < 4)
        return minutes;
    unsigned doubling = 31u - (unsigned)__builtin_clz(minutes);
    return (doubling - 1) * 4 + (minutes >> (doubling - 2) & 3);
}

// Of two located reports; the plane is right to 2 % as far as the categories' radii reach.
static float space(const struct simindex_bound *bound, const float *near,
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
        return most(near[STEPS], near[from]);
    unsigned to = (unsigned)high;
    float value = near[from];
    for (unsigned step = from + 1; step <= to; step++)
        value = most(value, near[step]);
    return value;
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

static float days(const struct simindex_bound *bound, const float *weight,
                  const struct simindex_card *card)
{
    const struct simindex_card *mine = &bound->card;
    float same = weight[MATCH_SINCE], other = weight[MATCH_SINCE_OTHER];
    if ((mine->kinds | card->kinds) & SIMINDEX_MANY_DAYS)
        return most(same, other);
    return mine->since > card->since + 1 || card->since > mine->since + 1 ? other : same;
}

static float facts(const struct simindex_bound *bound, const float *weight,
                   const struct simindex_card *card)
{
    uint32_t both = bound->card.kinds & card->kinds;
    float value = 0;
    if (bound->places & card->values)
        value += most(weight[MATCH_PLACE_NUMBER], 0);
    if (both >> MATCH_FACT_DISTRICT & 1)
        value += most(weight[MATCH_DISTRICT_ALL], 0);
    if (both >> MATCH_FACT_NUMBER & 1)
        value += numbers(bound, weight, card->values);
    if (both >> MATCH_FACT_SINCE & 1)
        value += days(bound, weight, card);
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
                   const struct simindex_card *card)
{
    float name = shared_name(bound, card), mine = bound->weights.name;
    float both = least(mine, (float)card->name * SIMINDEX_NAME_STEP);
    return (best(weight[MATCH_NAME], 0, name) +
            best(weight[MATCH_NAME_OTHER], most(both - name, 0), mine)) /
           bound->nats;
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
    return best(weight[MATCH_ALL_COSINE], 0, by->all) +
           best(weight[MATCH_TOPIC_MIN], 0, least(by->topic, share)) +
           best(weight[MATCH_TOPIC_MAX], 0, most(by->topic, share));
}

static enum match_section section_of(const struct simindex_card *a, const struct simindex_card *b)
{
    if (a->place.lat != INT32_MAX && b->place.lat != INT32_MAX)
        return MATCH_PLACED;
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
    float near = 0;
    if (section == MATCH_PLACED)
        near = space(bound, bound->near[section], card);
    return weight[MATCH_BIAS] + SLACK + near + bound->ago[section][time] +
           weight[MATCH_SHORTER_TITLE] * bound->ln[title] + party(bound, section, card, time) +
           facts(bound, weight, card) + names(bound, weight, card);
}

struct simindex_bounded simindex_bound_of(const struct simindex_bound *bound,
                                          const struct simindex_card *card,
                                          const float floor[MATCH_SECTIONS])
{
    enum match_section section = section_of(&bound->card, card);
    const float *weight = bound->weight[section];
    struct simindex_bounded by = {.section = section, .rest = rest(bound, section, card)};
    by.bound = by.rest + bound->words[section];
    if (by.bound < floor[section])
        return by;
    floats sum = shared(bound, card);
    by.all = ratio(sum[ALL], bound->norm * simindex_floor_of(card->norm));
    by.topic = ratio(sum[TOPIC], bound->weights.topic);
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
