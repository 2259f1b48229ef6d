-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- Who owned the journal: one row an epoch, written in the statement that takes it; the last 1,000.
-- An epoch without a row was a program's that does not know this table.

-- seq: the journal's head when it was taken; what this owner wrote stands behind it. at: ms UTC.
-- instance, release: as set for the process. pid: the process on that host.
CREATE TABLE ownership (
    epoch int8 PRIMARY KEY,
    seq int8 NOT NULL,
    at int8 NOT NULL,
    pid int8 NOT NULL,
    instance text NOT NULL,
    release text NOT NULL,
    host text NOT NULL
);
