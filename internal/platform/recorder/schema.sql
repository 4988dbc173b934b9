-- The record itself. The tree of leaf hashes over record_entry.leaf is what is
-- signed; bodies lie outside it, so that a part can be erased.

CREATE TABLE record_body (
	eid         BLOB    NOT NULL, -- entry id, made where the fact was written; orders pending facts
	part        INTEGER NOT NULL,
	state       INTEGER NOT NULL, -- 0 shown, 1 withheld, 2 redacted
	salt        BLOB,             -- NULL unless shown
	body        BLOB,             -- NULL unless shown
	redacted_by INTEGER,          -- place of the redaction; NULL unless redacted
	PRIMARY KEY (eid, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_body_redacted ON record_body (redacted_by) WHERE redacted_by IS NOT NULL;

-- Facts that wait for their place (PostgreSQL only).
CREATE TABLE record_pending (
	eid  BLOB    PRIMARY KEY,
	hash BLOB    NOT NULL,
	leaf BLOB    NOT NULL,
	at   INTEGER NOT NULL
) STRICT;

CREATE TABLE record_entry (
	idx  INTEGER PRIMARY KEY, -- place in the record, dense from 0
	eid  BLOB    NOT NULL,
	hash BLOB    NOT NULL,    -- leaf hash; other facts refer to this one by it
	ref  BLOB,                -- leaf hash of the entry acted on; NULL if none
	leaf BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_entry_hash ON record_entry (hash);
CREATE INDEX record_entry_ref ON record_entry (ref) WHERE ref IS NOT NULL;

-- One row a tile; a narrower partial tile is a prefix of it.
CREATE TABLE record_tile (
	level INTEGER NOT NULL,
	n     INTEGER NOT NULL,
	data  BLOB    NOT NULL,
	PRIMARY KEY (level, n)
) STRICT;

CREATE TABLE record_head (
	id   INTEGER PRIMARY KEY, -- always 1
	size INTEGER NOT NULL,
	root BLOB    NOT NULL
) STRICT;

-- What was signed and published. Its size and root never change again.
CREATE TABLE record_checkpoint (
	size INTEGER PRIMARY KEY,
	root BLOB    NOT NULL,
	note TEXT    NOT NULL, -- as it is served
	at   INTEGER NOT NULL
) STRICT;

-- What witnesses have put under a checkpoint.
CREATE TABLE record_cosignature (
	size    INTEGER NOT NULL, -- of the checkpoint
	witness TEXT    NOT NULL, -- its verifier key
	line    TEXT    NOT NULL, -- as it is served: dash, name, time and signature
	at      INTEGER NOT NULL,
	PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;

-- Openings of parts that were withheld, sealed: for the signer's own receipt.
CREATE TABLE private_opening (
	hash   BLOB    NOT NULL, -- leaf hash
	part   INTEGER NOT NULL,
	sealed BLOB    NOT NULL, -- salt, then body
	PRIMARY KEY (hash, part)
) STRICT;

{{sqlite CREATE TRIGGER record_entry_stays BEFORE UPDATE ON record_entry BEGIN SELECT raise(ABORT, 'an entry of the record never changes'); END}};
{{sqlite CREATE TRIGGER record_entry_kept BEFORE DELETE ON record_entry BEGIN SELECT raise(ABORT, 'an entry of the record is never removed'); END}};
{{sqlite CREATE TRIGGER record_checkpoint_stays BEFORE UPDATE ON record_checkpoint BEGIN SELECT raise(ABORT, 'a checkpoint of the record never changes'); END}};
{{sqlite CREATE TRIGGER record_checkpoint_kept BEFORE DELETE ON record_checkpoint BEGIN SELECT raise(ABORT, 'a checkpoint of the record is never removed'); END}};
{{sqlite CREATE TRIGGER record_tile_grows BEFORE UPDATE ON record_tile WHEN substr(new.data, 1, length(old.data)) <> old.data BEGIN SELECT raise(ABORT, 'a tile of the record only grows'); END}};
{{sqlite CREATE TRIGGER record_body_fades BEFORE UPDATE ON record_body WHEN new.body IS NOT NULL OR new.salt IS NOT NULL BEGIN SELECT raise(ABORT, 'a body of the record is only ever erased'); END}};
