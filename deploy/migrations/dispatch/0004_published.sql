-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- What dispatch publishes for reading: v_whistle, v_task, v_district for the gateway, under row-level
-- security. Who reads says for whom, in the transaction: whistle.parties, the integers of the unit and
-- all below it (of a body: itself) as '{1,2}'; whistle.party, its own; whistle.everything 'on' for those
-- who see all. Who says nothing sees nothing. The rule is the one of dispatch's own lists: who raised
-- it or stands with it, in whose area it is, who has a task in it.

-- Where a whistle is, where a point was given: millionths of a degree, WGS84.
CREATE TABLE point (
    whistle int8 PRIMARY KEY,
    lat_e6 int4 NOT NULL,
    lon_e6 int4 NOT NULL
) WITH (fillfactor = 90, autovacuum_vacuum_insert_threshold = 500000);

CREATE FUNCTION asks_all() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT coalesce(current_setting('whistle.everything', true) = 'on', false) $$;
CREATE FUNCTION asks_parties() RETURNS int4[] LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('whistle.parties', true), '')::int4[] $$;
CREATE FUNCTION asks_party() RETURNS int4 LANGUAGE sql STABLE AS
    $$ SELECT nullif(current_setting('whistle.party', true), '')::int4 $$;
-- As the owner: a policy of whistle that read task, whose policy reads whistle, would never end.
CREATE FUNCTION has_task(of int8, party int4) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = dispatch, pg_temp AS
    $$ SELECT EXISTS (SELECT FROM task t WHERE t.whistle = of AND t.body = party) $$;
REVOKE ALL ON FUNCTION has_task(int8, int4) FROM PUBLIC;

ALTER TABLE whistle ENABLE ROW LEVEL SECURITY;
ALTER TABLE task ENABLE ROW LEVEL SECURITY;
ALTER TABLE point ENABLE ROW LEVEL SECURITY;
-- The sub-selects are computed once a statement, not once a row.
CREATE POLICY gateway ON whistle FOR SELECT TO whistle_gateway USING (
    (SELECT asks_all())
    OR unit = ANY ((SELECT asks_parties())::int4[]) OR street = ANY ((SELECT asks_parties())::int4[])
    OR place = ANY ((SELECT asks_parties())::int4[])
    OR asked_by = ANY ((SELECT asks_parties())::int4[]) OR joint && (SELECT asks_parties())
    OR has_task(id, (SELECT asks_party())));
CREATE POLICY gateway ON task FOR SELECT TO whistle_gateway USING (
    (SELECT asks_all()) OR body = (SELECT asks_party())
    OR EXISTS (SELECT FROM whistle w WHERE w.id = whistle));
CREATE POLICY gateway ON point FOR SELECT TO whistle_gateway USING (
    EXISTS (SELECT FROM whistle w WHERE w.id = whistle));
-- Backups and reports of who may read all tables anyway.
CREATE POLICY readers ON whistle FOR SELECT TO pg_read_all_data USING (true);
CREATE POLICY readers ON task FOR SELECT TO pg_read_all_data USING (true);
CREATE POLICY readers ON point FOR SELECT TO pg_read_all_data USING (true);

-- No text: titles and categories as lists and notices name them.
CREATE VIEW v_whistle WITH (security_invoker = true) AS
    SELECT w.id, w.submitted_at, w.dispatched_at, w.due_review, w.due_resolve, w.due_confirm,
        w.held_until, w.resolved_at, w.unit, w.street, w.place, w.asked_by, w.joint, w.routing_version,
        w.priority, w.source, w.flags, w.state, w.open, w.drill, w.category, w.title, w.merged_into,
        p.lat_e6, p.lon_e6
    FROM whistle w LEFT JOIN point p ON p.whistle = w.id;
CREATE VIEW v_task WITH (security_invoker = true) AS
    SELECT t.whistle, t.body, t.ord, t.part, t.state, t.dispatched_at, t.due_sign, t.due_checkin,
        t.due_report, t.due_resolve, t.due_ruling, t.due_next, t.signed_at, t.checked_in_at, t.reported_at,
        t.outcome, t.rating, t.rework, t.flags, t.escalation, t.open
    FROM task t;
-- When each version of the district was adopted.
CREATE VIEW v_district WITH (security_invoker = true) AS
    SELECT d.version, j.at AS adopted_at FROM district d JOIN journal j ON j.seq = d.seq;

GRANT USAGE ON SCHEMA dispatch TO whistle_gateway;
GRANT EXECUTE ON FUNCTION has_task(int8, int4) TO whistle_gateway;
GRANT SELECT ON v_whistle, v_task, v_district, point, district TO whistle_gateway;
GRANT SELECT (id, submitted_at, dispatched_at, due_review, due_resolve, due_confirm, held_until, resolved_at,
    unit, street, place, asked_by, joint, routing_version, priority, source, flags, state, open, drill,
    category, title, merged_into) ON whistle TO whistle_gateway;
GRANT SELECT (whistle, body, ord, part, state, dispatched_at, due_sign, due_checkin, due_report, due_resolve,
    due_ruling, due_next, signed_at, checked_in_at, reported_at, outcome, rating, rework, flags, escalation,
    open) ON task TO whistle_gateway;
GRANT SELECT (seq, at) ON journal TO whistle_gateway;
