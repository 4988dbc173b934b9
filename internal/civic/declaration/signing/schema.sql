-- Public: rebuilt from the record. Only apply.go writes it.
-- What became of requests that other instances took.
CREATE TABLE signing_request (
	request     BLOB    PRIMARY KEY, -- SHA-256 of its id
	entry       INTEGER NOT NULL,    -- that counts or refuses it
	declaration TEXT    NOT NULL,    -- '' if it is none that is known
	reason      TEXT    NOT NULL     -- a fact.Reason; '' where it is counted
) STRICT;

-- Private: never in the record, absent on mirrors.
-- A person who signed, or asked to.
CREATE TABLE private_signer (
	id          TEXT    PRIMARY KEY,
	declaration TEXT    NOT NULL,
	dedupe      BLOB    NOT NULL, -- keyed hash of the normalised address: one signature per person
	lang        TEXT    NOT NULL,
	state       TEXT    NOT NULL, -- asked, signed, withdrawn
	details     BLOB,             -- sealed Details as signed; NULL before and once erased
	hash        BLOB,             -- the signature in the record
	shown       BLOB,             -- the entry that shows the name now; NULL if hidden
	comment     BLOB,             -- the comment in the record; NULL if none
	wrong       INTEGER NOT NULL, -- wrong codes since the last right one
	asked       INTEGER NOT NULL,
	declined    INTEGER NOT NULL DEFAULT 0, -- 1: wants no receipt, so the own page tells no place
	UNIQUE (declaration, dedupe)
) STRICT, WITHOUT ROWID;

-- What was typed into a form and not yet confirmed.
CREATE TABLE private_signing (
	id      TEXT    PRIMARY KEY,
	signer  TEXT    NOT NULL,
	browser BLOB    NOT NULL, -- hash of the secret that the browser keeps
	details BLOB    NOT NULL, -- sealed Details
	wrong   INTEGER NOT NULL, -- wrong codes typed
	made    INTEGER NOT NULL,
	until   INTEGER NOT NULL, -- it can be confirmed before
	request BLOB              -- SHA-256 of the id of the request, if another instance took it
) STRICT, WITHOUT ROWID;
CREATE INDEX private_signing_signer ON private_signing (signer, made);
CREATE INDEX private_signing_request ON private_signing (request) WHERE request IS NOT NULL;

-- Requests to sign that other instances took: each is entered once. Says
-- nothing of who asks.
CREATE TABLE private_intake (
	request     BLOB    PRIMARY KEY, -- SHA-256 of its id
	declaration TEXT    NOT NULL,
	state       TEXT    NOT NULL,    -- waiting (no mail could go out yet), mailed, ended
	until       INTEGER NOT NULL     -- it can be confirmed before; then it is refused
) STRICT;
CREATE INDEX private_intake_open ON private_intake (until) WHERE state <> 'ended';

-- Comments that an organiser has yet to read.
CREATE TABLE private_comment (
	signer      TEXT    PRIMARY KEY,
	declaration TEXT    NOT NULL,
	sealed      BLOB    NOT NULL, -- fact.Comment as JSON
	made        INTEGER NOT NULL
) STRICT;
CREATE INDEX private_comment_declaration ON private_comment (declaration, made);

-- An organisation's signature and who gave it.
CREATE TABLE private_mandate (
	declaration  TEXT    NOT NULL,
	organisation TEXT    NOT NULL,
	person       TEXT    NOT NULL,
	hash         BLOB,   -- NULL within the deed that signs
	made         INTEGER NOT NULL,
	PRIMARY KEY (declaration, organisation)
) STRICT;
