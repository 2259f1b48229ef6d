-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- A join may raise the priority of a matter whose task is on the ledger; the split that takes it back
-- gives the entry back. ledger_until: due_resolve of the entry that stood then, null else.
ALTER TABLE task ADD COLUMN ledger_until int8;
