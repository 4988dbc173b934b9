-- The newest head that this instance has cosigned, for each record it watches.
-- A row only moves on to what continues it.
CREATE TABLE record_witnessed (
	origin TEXT    PRIMARY KEY,
	hash   TEXT    NOT NULL UNIQUE, -- SHA-256 of origin in hex: its name in addresses
	size   INTEGER NOT NULL,
	root   BLOB    NOT NULL,
	note   TEXT    NOT NULL,        -- the checkpoint, signed by the record and cosigned here
	at     INTEGER NOT NULL,
	fork   TEXT    NOT NULL         -- another head of one size that the record has signed too; '' if none was seen
) STRICT;
