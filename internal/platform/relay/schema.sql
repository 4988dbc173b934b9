-- The log of what was taken: a tree like that of the record, of its own.
CREATE TABLE record_intake_entry (
	place INTEGER PRIMARY KEY, -- dense from 0
	hash  BLOB    NOT NULL     -- SHA-256 of the envelope
) STRICT;

CREATE TABLE record_intake_tile (
	level INTEGER NOT NULL,
	n     INTEGER NOT NULL,
	data  BLOB    NOT NULL,
	PRIMARY KEY (level, n)
) STRICT;

CREATE TABLE record_intake_head (
	id   INTEGER PRIMARY KEY, -- always 1
	size INTEGER NOT NULL,
	root BLOB    NOT NULL
) STRICT;

-- What was taken and has no answer in the origin's record yet.
CREATE TABLE private_envelope (
	place   INTEGER PRIMARY KEY, -- in the log
	request BLOB    NOT NULL,    -- SHA-256 of the id of the request
	sealed  BLOB    NOT NULL,
	day     TEXT    NOT NULL,    -- on which it was taken; finer times would point at people
	due     INTEGER NOT NULL     -- not handed on before
) STRICT;
CREATE UNIQUE INDEX private_envelope_request ON private_envelope (request);
CREATE INDEX private_envelope_due ON private_envelope (due);

{{sqlite CREATE TRIGGER record_intake_entry_stays BEFORE UPDATE ON record_intake_entry BEGIN SELECT raise(ABORT, 'an entry of the log never changes'); END}};
{{sqlite CREATE TRIGGER record_intake_entry_kept BEFORE DELETE ON record_intake_entry BEGIN SELECT raise(ABORT, 'an entry of the log is never removed'); END}};
