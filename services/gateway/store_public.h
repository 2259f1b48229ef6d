// SPDX-License-Identifier: Apache-2.0
// SQL of what is public, and of Open311's requests for those who see more; read through
// store_read.h, whose table names them. Columns: enum read_public (v_public, v_reported) and beside
// them the point (READ_OPEN311_LAT).
#ifndef WH_GATEWAY_STORE_PUBLIC_H
#define WH_GATEWAY_STORE_PUBLIC_H

enum read_public {
    READ_PUBLIC_ID, // these four are also READ_CARDS'
    READ_PUBLIC_CATEGORY,
    READ_PUBLIC_PLACE,
    READ_PUBLIC_STATE,
    READ_PUBLIC_PRIORITY,
    READ_PUBLIC_JOINED,
    READ_PUBLIC_REVIEWED,
    READ_PUBLIC_SUBMITTED,
    READ_PUBLIC_DISPATCHED,
    READ_PUBLIC_RESOLVED,
    READ_PUBLIC_DUE,
    READ_PUBLIC_UPDATED,
    READ_PUBLIC_BODIES,
    READ_PUBLIC_PARTS,
    READ_PUBLIC_TASKS,
    READ_OPEN311_LAT, // millionths of a degree, null: none was given
    READ_OPEN311_LON,
};

#define STORE_PUBLIC_COLUMNS                                                        \
    "v.id, v.category, v.place, v.state, v.priority, v.joined, v.reviewed, "        \
    "v.submitted_at, v.dispatched_at, v.resolved_at, v.due_resolve, v.updated_at, " \
    "v.bodies, v.parts, v.tasks"
// What is closed: RESOLVED, CLOSED, CANCELLED, RULED_CLOSED.
#define STORE_CLOSED "(v.state IN (11, 12, 13, 14))"
#define STORE_IDS "FROM unnest(string_to_array($1::text, ',')::int8[]) "

// First and last id, categories, places ("" all), status ("" all), offset, limit; newest first.
#define STORE_PUBLIC                                                           \
    "SELECT " STORE_PUBLIC_COLUMNS " FROM dispatch.v_public v "                \
    "WHERE v.id >= $1::int8 AND v.id <= $2::int8 "                             \
    "AND v.category = ANY (string_to_array($3::text, ',')) "                   \
    "AND ($4::text = '' OR v.place = ANY (string_to_array($4, ',')::int4[])) " \
    "AND ($5::text = '' OR ($5 = 'closed') = " STORE_CLOSED ") "               \
    "ORDER BY v.id DESC OFFSET $6::int8 LIMIT $7::int4"
#define STORE_BY_IDS(view)                                                                \
    "SELECT " STORE_PUBLIC_COLUMNS " " STORE_IDS "AS k(id) CROSS JOIN LATERAL (SELECT * " \
    "FROM dispatch." view " x WHERE x.id = k.id OFFSET 0) v ORDER BY v.id DESC"
#define STORE_CARDS                                             \
    "SELECT v.id, v.category, v.place, v.state " STORE_IDS      \
    "WITH ORDINALITY AS k(id, n) CROSS JOIN LATERAL (SELECT * " \
    "FROM dispatch.v_card x WHERE x.id = k.id OFFSET 0) v ORDER BY k.n"

// What an identity sees, as v_public has it and with the point.
#define STORE_ALL_COLUMNS                                                                 \
    "SELECT v.id, v.category, v.place, v.state, v.priority, v.merged_into IS NOT NULL, "  \
    "true, v.submitted_at, v.dispatched_at, v.resolved_at, v.due_resolve, "               \
    "greatest(v.submitted_at, v.dispatched_at, v.resolved_at, t.at), t.bodies, t.parts, " \
    "t.tasks, v.lat_e6, v.lon_e6 "
#define STORE_ALL_TASKS                                                               \
    " LEFT JOIN LATERAL (SELECT array_agg(x.body ORDER BY x.part, x.ord) AS bodies, " \
    "array_agg(x.part::int4 ORDER BY x.part, x.ord) AS parts, "                       \
    "array_agg(x.state::int4 ORDER BY x.part, x.ord) AS tasks, "                      \
    "greatest(max(x.signed_at), max(x.checked_in_at), max(x.reported_at)) AS at "     \
    "FROM dispatch.v_task x WHERE x.whistle = v.id AND x.state <> 10) t ON true "
// First and last id, first and last ms, categories, status, offset, limit.
#define STORE_ALL                                                                          \
    STORE_ALL_COLUMNS                                                                      \
    "FROM (SELECT * FROM dispatch.v_whistle x WHERE x.id >= $1::int8 "                     \
    "AND x.id <= $2::int8 AND x.submitted_at >= $3::int8 "                                 \
    "AND x.submitted_at <= $4::int8 AND NOT x.drill ORDER BY x.id DESC) v" STORE_ALL_TASKS \
    "WHERE v.category = ANY (string_to_array($5::text, ',')) "                             \
    "AND ($6::text = '' OR ($6 = 'closed') = " STORE_CLOSED ") "                           \
    "ORDER BY v.id DESC OFFSET $7::int8 LIMIT $8::int4"
#define STORE_ALL_BY_IDS                                                                          \
    STORE_ALL_COLUMNS STORE_IDS                                                                   \
        "AS k(id) CROSS JOIN LATERAL (SELECT * "                                                  \
        "FROM dispatch.v_whistle x WHERE x.id = k.id AND NOT x.drill OFFSET 0) v" STORE_ALL_TASKS \
        "ORDER BY v.id DESC"

#endif
