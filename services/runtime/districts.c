// SPDX-License-Identifier: Apache-2.0
// The statements of the table `district` (version, seq), which every service that keeps the
// districts it adopted has in its schema: which row of its journal holds which version.
#include "runtime/service.h"

const char wh_put_district_sql[] =
    "INSERT INTO district (version, seq) SELECT * FROM unnest($1::int4[], $2::int8[])";

const char wh_newest_district_sql[] =
    "SELECT j.body FROM (SELECT seq FROM district ORDER BY version DESC LIMIT 1) d "
    "CROSS JOIN LATERAL (SELECT * FROM journal x WHERE x.seq = d.seq OFFSET 0) j";
