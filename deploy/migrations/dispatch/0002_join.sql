-- SPDX-License-Identifier: Apache-2.0
-- keeps: 1
-- Whistles joined to a matter, those that wait for a person's word, and withdrawals that came before
-- their whistle. All columns are null for the usual whistle.

-- merged_into: the whistle it is joined to, since joined_at; joined_stage: its stage before (null: it
-- had none). held_until: a person decides until then. untold: joined reports that no notice has told
-- of; tell_at: when the collected notice goes, told_at: when the last one went.
ALTER TABLE whistle
    ADD COLUMN merged_into int8,
    ADD COLUMN joined_at int8,
    ADD COLUMN held_until int8,
    ADD COLUMN tell_at int8,
    ADD COLUMN told_at int8,
    ADD COLUMN untold int4,
    ADD COLUMN joined_stage int2;
CREATE INDEX whistle_merged ON whistle (merged_into) WHERE merged_into IS NOT NULL;

-- Withdrawn before it came: holds if `by` (a party) turns out to be its raising side. seq: the journal
-- row that says so. Gone when the whistle has come.
CREATE TABLE noted (
    whistle int8 NOT NULL,
    by int4 NOT NULL,
    seq int8 NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (whistle, by)
);
