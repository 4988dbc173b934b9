-- Work that happens later. A row goes when its work is done.
CREATE TABLE private_job (
	id      TEXT NOT NULL PRIMARY KEY, -- in the order of adding; every/KIND for work that recurs
	kind    TEXT NOT NULL,
	once    TEXT NOT NULL,             -- of one kind, only one waits with the same word; '' for any number
	payload BLOB NOT NULL,
	state   TEXT NOT NULL,             -- waiting, running or dead
	due     INTEGER NOT NULL,          -- waiting: not before this; running: its lease ends then, and anyone may run it; dead: since then
	turn    INTEGER NOT NULL,          -- how often it was taken: tells the node that has it from one that lost it
	tries   INTEGER NOT NULL,          -- how often it was taken and failed, or its node was lost
	fault   TEXT NOT NULL              -- what went wrong last
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX private_job_once ON private_job (kind, once) WHERE state = 'waiting' AND once <> '';
CREATE INDEX private_job_due ON private_job (due, id) WHERE state <> 'dead';
