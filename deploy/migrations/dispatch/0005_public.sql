-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- What anybody may know, without a login: no text, title, address or point stands in these views, and
-- of whose business it is only what the state says. They are their owner's (not the reader's) view, so
-- the rows are exactly those that are named here. Categories that are sensitive are left out by who
-- reads, which knows the district.

-- Residents' reports (source 6 WEB, 7 OPEN311). state, bodies: of a joined one its matter's; bodies,
-- parts, tasks: who has a task in it now (the lead first), in which part and state. reviewed: a person
-- has looked at it (flags 2: it went out before that; 4: looked at since).
CREATE VIEW v_reported AS
    SELECT w.id, w.category, w.place, w.priority, coalesce(r.state, w.state) AS state,
        w.merged_into IS NOT NULL AS joined,
        w.state NOT IN (0, 1, 2) AND (w.state <> 13 OR w.dispatched_at IS NOT NULL) AND (w.flags & 6) <> 2
            AS reviewed,
        w.submitted_at, coalesce(r.dispatched_at, w.dispatched_at) AS dispatched_at,
        coalesce(r.resolved_at, w.resolved_at) AS resolved_at,
        coalesce(r.due_resolve, w.due_resolve) AS due_resolve,
        greatest(w.submitted_at, w.dispatched_at, w.resolved_at, w.ended_at, r.resolved_at, r.ended_at, b.at)
            AS updated_at,
        b.bodies, b.parts, b.tasks
    FROM whistle w
    LEFT JOIN LATERAL (
        WITH RECURSIVE up (id, into_id) AS (
            SELECT x.id, x.merged_into FROM whistle x WHERE x.id = w.merged_into
            UNION ALL SELECT x.id, x.merged_into FROM up JOIN whistle x ON x.id = up.into_id)
        SELECT x.id, x.state, x.dispatched_at, x.resolved_at, x.ended_at, x.due_resolve
        FROM up JOIN whistle x ON x.id = up.id WHERE up.into_id IS NULL) r ON w.merged_into IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT array_agg(t.body ORDER BY t.part, t.ord) AS bodies,
            array_agg(t.part::int4 ORDER BY t.part, t.ord) AS parts,
            array_agg(t.state::int4 ORDER BY t.part, t.ord) AS tasks,
            greatest(max(t.signed_at), max(t.checked_in_at), max(t.reported_at)) AS at
        FROM task t WHERE t.whistle = coalesce(r.id, w.id) AND t.state <> 10) b ON true
    WHERE w.source IN (6, 7) AND NOT w.drill;

CREATE INDEX whistle_resident ON whistle (id) WHERE source IN (6, 7);
CREATE VIEW v_public AS SELECT * FROM v_reported WHERE reviewed;

-- What a whistle is about, where (community) and how it stands: for "reported already?", whoever
-- raised it.
CREATE VIEW v_card AS
    SELECT w.id, w.category, w.place, w.state FROM whistle w
    WHERE NOT w.drill AND w.dispatched_at IS NOT NULL;

GRANT SELECT ON v_reported, v_public, v_card TO whistle_gateway;
