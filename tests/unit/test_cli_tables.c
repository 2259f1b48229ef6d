// SPDX-License-Identifier: Apache-2.0
// A district to CSV tables and back: the demo, and random ones whose texts hold everything that
// separates, quotes or looks like a formula. Nothing differs, in either language; order of routing
// rows within a category stays.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/district.h"
#include "cli/document.h"
#include "cli/tables.h"
#include "cli/tables_write.h"
#include "cli/text.h"
#include "client/district_json.h"
#include "district/validate.h"

#define ROUNDS 60

static uint64_t seed = 1;
static struct wh_arena arena;

static uint32_t roll(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(seed >> 33) % n;
}

// 1 to 12 characters that a table could stumble over; no blank alone.
static char *text(void)
{
    static const char *const parts[] = {",", ";", "；", "、", "\\", "\"", "'", "=", "+", "-",
                                        "@", " ", "\n", "\t", "中", "a",  "0", "|", "#", "文"};
    char all[64] = "";
    size_t n = 1 + roll(11);
    for (size_t i = 0; i < n; i++)
        strcat(all, parts[roll(sizeof parts / sizeof *parts)]);
    strcat(all, roll(2) ? "x" : "字");
    return wh_arena_strdup(&arena, all);
}

static char **list(size_t n)
{
    char **all = wh_arena_calloc(&arena, n + 1, sizeof(char *));
    for (size_t i = 0; i < n; i++)
        all[i] = text();
    return all;
}

static double real(double from, double to)
{
    return from + (to - from) * roll(1000000000) / 1e9;
}

static void shake_units(Whistle__V1__District *d)
{
    for (size_t i = 0; i < d->n_units; i++) {
        Whistle__V1__Unit *u = d->units[i];
        u->zh = text();
        u->en = roll(2) ? text() : (char *)protobuf_c_empty_string;
        bool placed = roll(2);
        u->lat_is_case = placed ? WHISTLE__V1__UNIT__LAT_IS_LAT : 0;
        u->lon_is_case = placed ? WHISTLE__V1__UNIT__LON_IS_LON : 0;
        u->lat = roll(9) ? real(-80, 80) : 0;
        u->lon = roll(9) ? real(-180, 180) : 0;
        u->households = (int32_t)roll(5) * 100;
    }
    for (size_t i = 0; i < d->n_departments; i++) {
        d->departments[i]->kind = roll(2) ? text() : (char *)protobuf_c_empty_string;
        d->departments[i]->round_the_clock = roll(2);
    }
    for (size_t i = 0; i < d->n_settings_by_unit; i++)
        d->settings_by_unit[i]->review_below_p1 = roll(2);
}

static void shake_desks(Whistle__V1__District *d)
{
    for (size_t i = 0; i < d->n_desks; i++) {
        Whistle__V1__Desk *desk = d->desks[i];
        desk->n_contacts = roll((uint32_t)desk->n_contacts + 1);
        for (size_t k = 0; k < desk->n_contacts; k++) {
            Whistle__V1__Contact *c = desk->contacts[k];
            c->zh = roll(2) ? text() : (char *)protobuf_c_empty_string;
            c->round_the_clock = roll(2);
            c->n_channels = roll(3);
            c->channels = list(c->n_channels);
            for (size_t j = 0; j < c->n_channels; j++) {
                char channel[96];
                snprintf(channel, sizeof channel, "app:%s", c->channels[j]);
                c->channels[j] = wh_arena_strdup(&arena, channel);
            }
            c->n_priorities = roll(3);
            c->priorities = wh_arena_calloc(&arena, 4, sizeof *c->priorities);
            for (size_t j = 0; j < c->n_priorities; j++)
                c->priorities[j] = (Whistle__V1__Priority)(j + 1);
        }
    }
}

static void shake_question(Whistle__V1__Question *q)
{
    q->zh = text();
    q->required = roll(2);
    if (q->n_values)
        q->values = list(q->n_values = 1 + roll(4));
    q->min_is_case = roll(2) ? WHISTLE__V1__QUESTION__MIN_IS_MIN : 0;
    q->min = roll(3) ? -real(0, 10) : 0;
    q->max_is_case = roll(2) ? WHISTLE__V1__QUESTION__MAX_IS_MAX : 0;
    q->max = roll(3) ? real(0, 10) : 0;
}

static void shake_routes(Whistle__V1__District *d)
{
    for (size_t i = d->n_routes; i > 1; i--) { // any order
        size_t k = roll((uint32_t)i);
        Whistle__V1__RouteRule *rule = d->routes[k];
        d->routes[k] = d->routes[i - 1];
        d->routes[i - 1] = rule;
    }
    for (size_t i = 0; i < d->n_routes; i++) {
        if (*d->routes[i]->tag)
            d->routes[i]->tag = text();
        if (roll(3) == 0)
            d->routes[i]->unit = d->units[1 + roll((uint32_t)d->n_units - 1)]->code;
    }
}

static void shake(Whistle__V1__District *d)
{
    shake_units(d);
    shake_desks(d);
    for (size_t i = 0; i < d->n_categories; i++) {
        Whistle__V1__Category *c = d->categories[i];
        c->zh = text();
        c->advice_zh = roll(2) ? text() : (char *)protobuf_c_empty_string;
        c->sensitive = roll(2);
        c->resident = roll(2);
        c->public_zh = roll(2) ? text() : (char *)protobuf_c_empty_string;
        c->response_en = roll(2) ? text() : (char *)protobuf_c_empty_string;
        c->dedup_radius_m = (int32_t)roll(500);
        for (size_t k = 0; k < c->n_questions; k++)
            shake_question(c->questions[k]);
    }
    shake_routes(d);
    d->danger_words = list(d->n_danger_words = roll(6));
    d->note = roll(2) ? text() : (char *)protobuf_c_empty_string;
}

// The rules of each category in their order, as one text.
static char *order_of(const Whistle__V1__District *d)
{
    char *all = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&all, &n);
    for (size_t c = 0; c < d->n_categories; c++)
        for (size_t i = 0; i < d->n_routes; i++)
            if (strcmp(d->routes[i]->category, d->categories[c]->code) == 0)
                fprintf(to, "%s/%s/%s\n", d->routes[i]->category, d->routes[i]->unit,
                        d->routes[i]->tag);
    fclose(to);
    return all;
}

static void drop(const char *folder)
{
    char path[256];
    for (size_t i = 0; i < TABLES; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, csv_tables[i].file);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/columns.md", folder);
    unlink(path);
    rmdir(folder);
}

static void comes_back(const Whistle__V1__District *d)
{
    char folder[] = "/tmp/whistle-tables-XXXXXX";
    struct fault fault = {0};
    struct document document;
    assert_non_null(mkdtemp(folder));
    if (tables_write(folder, d, &fault) < 0 || document_load(folder, &document, &fault) < 0)
        fail_msg("%s", fault.detail);
    const Whistle__V1__District *again = document_district(&document, &arena);
    if (document.findings.n)
        fail_msg("%s: %s", folder, json_dumps(document.findings.rows, JSON_INDENT(1)));
    json_t *changes = district_diff(d, again, NULL, 0);
    if (json_array_size(changes))
        fail_msg("%s: %s", folder, json_dumps(changes, JSON_INDENT(1)));
    char *before = order_of(d), *after = order_of(again);
    assert_string_equal(before, after);
    free(before);
    free(after);
    json_decref(changes);
    document_done(&document);
    drop(folder);
}

static Whistle__V1__District *demo(void)
{
    struct wh_wire_fault fault;
    json_t *json = json_load_file(WH_SOURCE_DIR "/deploy/demo/district.json", 0, NULL);
    Whistle__V1__District *d = wh_district_from_json(json, &arena, &fault);
    json_decref(json);
    assert_non_null(d);
    return d;
}

static void the_demo_comes_back(void **state)
{
    (void)state;
    for (int zh = 0; zh < 2; zh++) {
        text_speak(zh);
        wh_arena_init(&arena, (size_t)64 << 20);
        comes_back(demo());
        wh_arena_done(&arena);
    }
}

static void any_district_comes_back(void **state)
{
    (void)state;
    size_t fit = 0;
    for (seed = 1; fit < ROUNDS; seed++) {
        uint64_t kept = seed;
        struct wh_district_fault faults[4];
        text_speak(roll(2));
        wh_arena_init(&arena, (size_t)64 << 20);
        Whistle__V1__District *d = demo();
        shake(d);
        if (wh_district_validate(d, NULL, faults, 4) == 0) {
            comes_back(d);
            fit++;
        } else if (strcmp(faults[0].field + strspn(faults[0].field, "routes[0123456789"), "]") !=
                   0) {
            fail_msg("seed %llu: %s", (unsigned long long)kept, faults[0].field); // not only twins
        }
        wh_arena_done(&arena);
        seed = kept;
    }
}

// Every word and header that is written is understood again, and belongs to one column.
static void names_are_one_to_one(void **state)
{
    (void)state;
    for (size_t t = 0; t < TABLES; t++)
        for (size_t i = 0; i < csv_tables[t].n; i++) {
            const struct column *column = &csv_tables[t].columns[i];
            char name[64];
            for (int zh = 0; zh < 2; zh++) {
                text_speak(zh);
                column_header(column, name, sizeof name);
                assert_ptr_equal(column_by_header(&csv_tables[t], name), column);
                for (const struct cell_word *w = column->words; w && w->value; w++) {
                    word_name(column->words, w->value, name, sizeof name);
                    assert_string_equal(word_value(column->words, name), w->value);
                }
            }
            for (size_t k = 0; k < i; k++) // no two columns share a name
                for (const char *p = column->names; *p; p += strcspn(p, "|"), p += *p == '|') {
                    snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "|"), p);
                    if (name_among(csv_tables[t].columns[k].names, name))
                        fail_msg("%s: %s", csv_tables[t].file, name);
                }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_comes_back),
        cmocka_unit_test(any_district_comes_back),
        cmocka_unit_test(names_are_one_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
