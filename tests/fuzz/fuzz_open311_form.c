// SPDX-License-Identifier: Apache-2.0
// Open311's form and query: whatever the bytes are, what passes is within its bounds, and its
// documents are documents.
#include <stdlib.h>
#include <string.h>

#include "gateway/wire_open311.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_form(const struct open311_form *form)
{
    const Whistle__V1__PublicReport *report = &form->report;
    if (wh_text_check(report->text, strlen(report->text), 5000, NULL) != 0 ||
        wh_text_check(report->category, strlen(report->category), 32, NULL) != 0 ||
        wh_text_check(form->place.address, strlen(form->place.address), 200, NULL) != 0 ||
        report->n_answers > 32 || report->category[0] == 0)
        abort();
    for (size_t i = 0; i < report->n_answers; i++)
        if (wh_ident_check(report->answers[i]->code, strlen(report->answers[i]->code), 32, NULL))
            abort();
    if (form->place.lat_is_case != 0 && !(form->place.lat >= -90 && form->place.lat <= 90))
        abort();
}

static void check_query(const struct open311_query *query)
{
    if (query->n_ids > OPEN311_IDS_MAX || query->n_codes > OPEN311_CODES_MAX || query->page < 1 ||
        query->page_size < 1 || query->page_size > OPEN311_ROWS_MAX)
        abort();
}

static void check_fault(const struct open311_fault *fault)
{
    char *text = NULL;
    size_t length = 0;
    json_t *error = open311_error(fault->status, fault->text);
    if (fault->status < 400 || fault->status > 499 || fault->text[0] == 0)
        abort();
    if (error != NULL && open311_xml(error, OPEN311_ERRORS, &text, &length) != 0)
        abort();
    free(text);
    json_decref(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct wh_arena arena;
    struct open311_form form;
    struct open311_query query;
    struct open311_fault fault = {0};
    struct wh_str text = {(const char *)data, n};
    wh_arena_init(&arena, (size_t)2 << 20);
    int rc = wire_open311_form(text, &arena, &form, &fault);
    if (rc == 0)
        check_form(&form);
    else if (rc == WH_E_INVALID)
        check_fault(&fault);
    wh_arena_reset(&arena);
    fault = (struct open311_fault){0};
    rc = wire_open311_query(text, "AL", &arena, &query, &fault);
    if (rc == 0)
        check_query(&query);
    else if (rc == WH_E_INVALID)
        check_fault(&fault);
    wh_arena_done(&arena);
    return 0;
}
