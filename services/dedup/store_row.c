// SPDX-License-Identifier: Apache-2.0
// Rows of report to structs and back.
#include <string.h>

#include "dedup/fold.h"
#include "dedup/store.h"

static void read_danger(const struct wh_row *row, int column, struct store_report *report)
{
    size_t n = 0;
    const uint8_t *bytes = wh_row_bytes(row, column, &n);
    report->n_danger = n / sizeof(uint64_t);
    if (report->n_danger > MATTER_DANGER_MAX)
        report->n_danger = MATTER_DANGER_MAX;
    if (report->n_danger > 0)
        memcpy(report->danger, bytes, report->n_danger * sizeof(uint64_t));
}

void store_read(const struct wh_row *row, bool with_membership, struct store_report *ret_report)
{
    struct store_report *report = ret_report;
    report->standing = (struct standing){.id = wh_row_int(row, 0),
                                         .at = wh_row_int(row, 1),
                                         .told = wh_row_int(row, 2),
                                         .seq = wh_row_int(row, 3),
                                         .until_at = wh_row_int(row, 4),
                                         .resolved_at = wh_row_int(row, 5),
                                         .asks = wh_row_int(row, 6),
                                         .raised = wh_row_int(row, 7),
                                         .unit = (int32_t)wh_row_int(row, 8),
                                         .street = (int32_t)wh_row_int(row, 9),
                                         .stage = (uint8_t)wh_row_int(row, 10),
                                         .moved = (uint8_t)wh_row_int(row, 11),
                                         .priority = (uint8_t)wh_row_int(row, 12),
                                         .flags = (uint8_t)wh_row_int(row, 13)};
    read_danger(row, 14, report);
    report->blob = wh_row_bytes(row, 15, &report->n_blob);
    report->parent = with_membership ? wh_row_int(row, 16) : 0;
    report->joined_seq = with_membership ? wh_row_int(row, 17) : 0;
    report->raised_from = with_membership ? (uint8_t)wh_row_int(row, 18) : 0;
}

int store_put_report(struct wh_turn *turn, const struct standing *s, const uint64_t *danger,
                     size_t n_danger, const void *blob, size_t n_blob)
{
    return WH_PUT(turn, PUT_REPORT, WH_L(s->id), WH_L(s->at), WH_L(s->told), WH_L(s->seq),
                  WH_L(s->until_at), WH_L(s->resolved_at), WH_L(s->asks), WH_L(s->raised),
                  WH_I(s->unit), WH_I(s->street), WH_S(s->stage), WH_S(s->moved), WH_S(s->priority),
                  WH_S(s->flags), WH_Z(fold_is_open(s)), WH_B(danger, n_danger * sizeof *danger),
                  WH_B(blob, n_blob));
}

int store_put_standing(struct wh_turn *turn, const struct standing *s, const uint64_t *danger,
                       size_t n_danger)
{
    return WH_PUT(turn, PUT_STANDING, WH_L(s->id), WH_L(s->until_at), WH_L(s->resolved_at),
                  WH_L(s->raised), WH_S(s->stage), WH_S(s->moved), WH_S(s->priority),
                  WH_S(s->flags), WH_Z(fold_is_open(s)), WH_B(danger, n_danger * sizeof *danger));
}
