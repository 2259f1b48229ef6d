// SPDX-License-Identifier: Apache-2.0
#include "support/match_bench.h"
void match_bench_pg(const struct matter_set *set, const struct match_bench_options *options,
                    struct match_bench_result *ret)
{
    (void)set, (void)options, (void)ret;
}
