-- Public: rebuilt from the record. Only apply.go writes these.
CREATE TABLE declaration (
	id            TEXT    PRIMARY KEY,
	slug          TEXT    NOT NULL,
	hash          BLOB    NOT NULL, -- of its publication in the record
	entry         INTEGER NOT NULL,
	core          TEXT    NOT NULL, -- fact.DeclarationCore as JSON
	closed        TEXT    NOT NULL, -- day it was closed by hand; '' if it was not
	people        INTEGER NOT NULL DEFAULT 0,
	organisations INTEGER NOT NULL DEFAULT 0,
	waiting       INTEGER NOT NULL DEFAULT 0, -- organisations not yet verified
	numbered      INTEGER NOT NULL DEFAULT 0  -- signatures ever added
) STRICT;
CREATE INDEX declaration_slug ON declaration (slug);

CREATE TABLE declaration_signature (
	entry        INTEGER PRIMARY KEY,
	declaration  TEXT    NOT NULL,
	number       INTEGER NOT NULL, -- 1 for the first
	class        TEXT    NOT NULL, -- people or organisations
	entered      INTEGER NOT NULL, -- organisations: entry of the organisation; people: -1
	organisation TEXT    NOT NULL, -- '' for people and where erased
	role         TEXT    NOT NULL,
	mandate      TEXT    NOT NULL,
	country      TEXT    NOT NULL, -- people; '' where erased
	name         TEXT    NOT NULL, -- '' where hidden or erased
	town         TEXT    NOT NULL,
	named        INTEGER NOT NULL, -- entry that carries the name; -1 if none
	comment      TEXT    NOT NULL,
	lang         TEXT    NOT NULL, -- of the comment
	commented    INTEGER NOT NULL, -- entry that carries the comment; -1 if none
	day          TEXT    NOT NULL,
	withdrawn    INTEGER NOT NULL,
	invalid      TEXT    NOT NULL, -- a fact.Reason; '' if valid
	counts       INTEGER NOT NULL,
	verified     INTEGER NOT NULL  -- organisations
) STRICT;
CREATE INDEX declaration_signature_list ON declaration_signature (declaration, class, entry);
CREATE INDEX declaration_signature_uncounted ON declaration_signature (declaration, class) WHERE counts = 0;
CREATE INDEX declaration_signature_entered ON declaration_signature (entered) WHERE entered >= 0;
CREATE INDEX declaration_signature_named ON declaration_signature (named) WHERE named <> entry AND named >= 0;
CREATE INDEX declaration_signature_commented ON declaration_signature (commented) WHERE commented >= 0;

CREATE TABLE declaration_day (
	declaration   TEXT    NOT NULL,
	day           TEXT    NOT NULL,
	people        INTEGER NOT NULL, -- change of the count on this day
	organisations INTEGER NOT NULL,
	PRIMARY KEY (declaration, day)
) STRICT;

CREATE TABLE declaration_country (
	declaration TEXT    NOT NULL,
	country     TEXT    NOT NULL, -- '' where erased
	people      INTEGER NOT NULL,
	PRIMARY KEY (declaration, country)
) STRICT;

-- Which organisations are verified, as far as counting needs to know.
CREATE TABLE declaration_signatory (
	entered  INTEGER PRIMARY KEY, -- entry of the organisation
	verified INTEGER NOT NULL
) STRICT;

-- Private: never in the record, absent on mirrors.
CREATE TABLE private_declaration (
	id           TEXT    PRIMARY KEY,
	slug         TEXT    UNIQUE,           -- NULL until published
	organisation TEXT    NOT NULL,         -- whose desk it lies on
	draft        TEXT    NOT NULL,         -- Draft as JSON
	state        TEXT    NOT NULL,         -- draft or published
	secret       BLOB,                     -- keys the hashes of signers' addresses; NULL once destroyed
	made         INTEGER NOT NULL,
	changed      INTEGER NOT NULL
) STRICT;
CREATE INDEX private_declaration_organisation ON private_declaration (organisation);
