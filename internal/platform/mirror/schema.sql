-- What a mirror keeps of its own. On other instances the tables are empty.

-- The checkpoint that the copy is on its way to: entries behind the newest
-- adopted one are borne out by it.
CREATE TABLE record_goal (
	id   INTEGER PRIMARY KEY, -- always 1
	note TEXT    NOT NULL     -- as it was served
) STRICT;

-- Two checkpoints with one signature that cannot both be true.
CREATE TABLE record_evidence (
	id   INTEGER PRIMARY KEY, -- always 1: the copy ends at the first
	held TEXT    NOT NULL,    -- what the copy holds, as it was served
	seen TEXT    NOT NULL,    -- what was served later
	at   INTEGER NOT NULL
) STRICT;
