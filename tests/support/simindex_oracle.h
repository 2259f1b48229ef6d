// SPDX-License-Identifier: Apache-2.0
// The index's promise (match/simindex.h) written down the slow way: lists of reports, every rule a
// walk over all of them. For comparing.
#ifndef WH_TEST_SIMINDEX_ORACLE_H
#define WH_TEST_SIMINDEX_ORACLE_H

#include "match/simindex.h"

struct oracle;

struct oracle *oracle_new(const struct match_model *model);
void oracle_free(struct oracle *oracle);
void oracle_add(struct oracle *oracle, const struct match_report *report);
bool oracle_remove(struct oracle *oracle, int64_t id);
bool oracle_has(const struct oracle *oracle, int64_t id);
size_t oracle_count(const struct oracle *oracle);
size_t oracle_find(struct oracle *oracle, const struct match_report *report, double least,
                   struct simindex_hit *ret_hits, size_t max);

#endif
