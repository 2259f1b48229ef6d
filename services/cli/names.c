// SPDX-License-Identifier: Apache-2.0
// The live district for this run: names, zone. Read once; a silent intake costs three seconds at
// most.
#include "cli/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"
#include "whistle/v1/intake.pb-c.h"

#define PATIENCE_MS 3000

struct names {
    struct reply reply;
    const Whistle__V1__District *district;
    struct wh_zone_shift *shifts;
    struct wh_zone zone;
};

int64_t cli_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_zone(struct names *names)
{
    size_t n = names->district->n_zone;
    names->shifts = must(calloc(n + 1, sizeof *names->shifts));
    for (size_t i = 0; i < n; i++)
        names->shifts[i] = (struct wh_zone_shift){names->district->zone[i]->from_at,
                                                  names->district->zone[i]->offset_min};
    names->zone = (struct wh_zone){names->shifts, n};
}

static void ask_district(struct cli *cli, struct names *names)
{
    Whistle__V1__GetDistrict get = WHISTLE__V1__GET_DISTRICT__INIT;
    Whistle__V1__IntakeCommand command = WHISTLE__V1__INTAKE_COMMAND__INIT;
    uint8_t bytes[16];
    command.what_case = WHISTLE__V1__INTAKE_COMMAND__WHAT_GET_DISTRICT;
    command.get_district = &get;
    size_t n = whistle__v1__intake_command__pack(&command, bytes);
    if (session_query(cli, DOOR_INTAKE, PATIENCE_MS, bytes, n, &names->reply) == 0 &&
        names->reply.body && names->reply.body->descriptor == &whistle__v1__district__descriptor)
        names->district = (const Whistle__V1__District *)names->reply.body;
}

struct names *names_get(struct cli *cli)
{
    if (cli->names)
        return cli->names;
    struct names *names = must(calloc(1, sizeof *names));
    reply_init(&names->reply);
    cli->names = names;
    ask_district(cli, names);
    if (names->district)
        take_zone(names);
    return names;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    reply_done(&names->reply);
    free(names->shifts);
    free(names);
}

const Whistle__V1__District *names_district(struct cli *cli)
{
    return names_get(cli)->district;
}

const struct fault *names_fault(struct cli *cli)
{
    return &names_get(cli)->reply.fault;
}

const struct wh_zone *names_zone(struct cli *cli)
{
    struct names *names = names_get(cli);
    return names->district ? &names->zone : NULL;
}

static const char *pick(const char *zh, const char *en, const char *code)
{
    const char *text = T(zh, en);
    return *text ? text : *zh ? zh : code;
}

const char *name_party(struct cli *cli, const char *code)
{
    const Whistle__V1__District *district = names_district(cli);
    for (size_t i = 0; district && i < district->n_departments; i++)
        if (strcmp(district->departments[i]->code, code) == 0)
            return pick(district->departments[i]->zh, district->departments[i]->en, code);
    for (size_t i = 0; district && i < district->n_units; i++)
        if (strcmp(district->units[i]->code, code) == 0)
            return pick(district->units[i]->zh, district->units[i]->en, code);
    return code;
}

static const Whistle__V1__Category *category_of(struct cli *cli, const char *code)
{
    const Whistle__V1__District *district = names_district(cli);
    for (size_t i = 0; district && i < district->n_categories; i++)
        if (strcmp(district->categories[i]->code, code) == 0)
            return district->categories[i];
    return NULL;
}

const char *name_category(struct cli *cli, const char *code)
{
    const Whistle__V1__Category *category = category_of(cli, code);
    return category ? pick(category->zh, category->en, code) : code;
}

const char *name_question(struct cli *cli, const char *category, const char *code)
{
    const Whistle__V1__Category *found = category_of(cli, category);
    for (size_t i = 0; found && i < found->n_questions; i++)
        if (strcmp(found->questions[i]->code, code) == 0)
            return pick(found->questions[i]->zh, found->questions[i]->en, code);
    return code;
}

void time_full(struct cli *cli, int64_t at, char *ret_text, size_t n)
{
    char text[WH_RFC3339_MAX] = "-";
    const struct wh_zone *zone = names_zone(cli);
    wh_rfc3339_format(at, zone ? wh_zone_offset(zone, at) : 0, text);
    (void)snprintf(ret_text, n, "%s", text);
}

void time_text(struct cli *cli, int64_t at, char *ret_text, size_t n)
{
    static const struct wh_zone utc = {NULL, 0};
    const struct wh_zone *zone = names_zone(cli);
    if (!zone)
        zone = &utc;
    if (at == 0) {
        (void)snprintf(ret_text, n, "-");
        return;
    }
    int32_t day = wh_local_date(zone, at), today = wh_local_date(zone, cli_now());
    int32_t minute = wh_local_minute(zone, at);
    if (day == today)
        (void)snprintf(ret_text, n, "%02d:%02d", minute / 60, minute % 60);
    else if (day / 10000 == today / 10000)
        (void)snprintf(ret_text, n, "%02d-%02d %02d:%02d", day / 100 % 100, day % 100, minute / 60,
                       minute % 60);
    else
        (void)snprintf(ret_text, n, "%04d-%02d-%02d %02d:%02d", day / 10000, day / 100 % 100,
                       day % 100, minute / 60, minute % 60);
}

// "+3d", "+4h", "+30m".
static int relative(const char *text, int64_t *ret_at)
{
    char unit, rest;
    long long n;
    if (sscanf(text, "+%lld%c%c", &n, &unit, &rest) != 2 || n < 0 || n > 100000)
        return -1;
    int64_t one = unit == 'd'   ? WH_MS_DAY
                  : unit == 'h' ? WH_MS_HOUR
                  : unit == 'm' ? WH_MS_MINUTE
                                : 0;
    *ret_at = cli_now() + n * one;
    return one ? 0 : -1;
}

// "2026-12-01" (the end of that day, or its beginning), "2026-12-01 18:00", "2026-12-01T18:00".
static int local(struct cli *cli, const char *text, bool begins, int64_t *ret_at)
{
    static const struct wh_zone utc = {NULL, 0};
    char date[11];
    int32_t day;
    unsigned h = begins ? 0 : 23, m = begins ? 0 : 59;
    int used = 0;
    if (strlen(text) < 10)
        return -1;
    (void)snprintf(date, sizeof date, "%.10s", text);
    if (wh_date_parse(date, &day) < 0)
        return -1;
    if (text[10] &&
        ((text[10] != ' ' && text[10] != 'T') ||
         sscanf(text + 11, "%2u:%2u%n", &h, &m, &used) != 2 || text[11 + used] || h > 23 || m > 59))
        return -1;
    const struct wh_zone *zone = names_zone(cli);
    *ret_at = wh_local_to_utc(zone ? zone : &utc, day, (int32_t)(h * 60 + m));
    return 0;
}

int time_local(void *arg, const char *text, bool begins, char *ret_text, size_t n)
{
    int64_t at = cli_now();
    if (strcmp(text, "now") != 0 && relative(text, &at) < 0 && local(arg, text, begins, &at) < 0)
        return -1;
    char full[WH_RFC3339_MAX];
    if (wh_rfc3339_format(at, 0, full) < 0)
        return -1;
    (void)snprintf(ret_text, n, "%s", full);
    return 0;
}
