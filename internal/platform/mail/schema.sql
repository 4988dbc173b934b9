-- Mails that wait to be sent. A row goes when its mail has left.
CREATE TABLE private_mail (
	id     TEXT NOT NULL PRIMARY KEY,
	sealed BLOB NOT NULL,              -- address, subject and text
	queued INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX private_mail_queued ON private_mail (queued);

-- Addresses, as keyed hashes: those written to of late, and those that asked for no more mail.
CREATE TABLE private_mail_address (
	address BLOB NOT NULL PRIMARY KEY,
	blocked INTEGER NOT NULL,          -- 1 is kept for ever, 0 for 48 hours
	last    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was allowed to be sent, for 48 hours.
CREATE TABLE private_mail_allowed (
	id      TEXT NOT NULL PRIMARY KEY,
	address BLOB NOT NULL,             -- keyed hash
	topic   BLOB NOT NULL,             -- keyed hash of address and topic, so that it links nobody to anything
	at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX private_mail_allowed_address ON private_mail_allowed (address);
CREATE INDEX private_mail_allowed_at ON private_mail_allowed (at);

-- All that stays of a mail: one more in the hour.
CREATE TABLE private_mail_hour (
	hour    INTEGER NOT NULL PRIMARY KEY, -- and up to 8 microseconds more: its numbers lie in several rows
	tried   INTEGER NOT NULL,          -- places taken of the hour's budget
	sent    INTEGER NOT NULL,
	refused INTEGER NOT NULL,          -- for good, by the receiving side
	dropped INTEGER NOT NULL,          -- too old, or blocked since
	alarmed INTEGER NOT NULL           -- 1 once the operator was told that the budget is spent
) STRICT;
