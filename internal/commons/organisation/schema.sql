-- Public: organisations as the record shows them.
CREATE TABLE organisation (
	id       TEXT    PRIMARY KEY,
	name     TEXT    NOT NULL, -- '' once erased
	folded   TEXT    NOT NULL, -- name for searching
	kind     TEXT    NOT NULL,
	country  TEXT    NOT NULL,
	website  TEXT    NOT NULL, -- '' if there is none
	shown    INTEGER NOT NULL, -- place of the entry that gave the words above
	verified INTEGER NOT NULL, -- 1 or 0
	how      TEXT    NOT NULL, -- domain or steward; '' unless verified
	domain   TEXT    NOT NULL, -- '' unless verified by it
	why      TEXT    NOT NULL, -- explanation of the last loss of verification
	judged   INTEGER NOT NULL, -- place of the entry that gave the verification or took it; -1 if none
	day      TEXT    NOT NULL, -- of that entry; '' if none
	entered  BLOB    NOT NULL, -- hash of its first entry
	entry    INTEGER NOT NULL  -- place of its first entry
) STRICT;
CREATE INDEX organisation_folded ON organisation (folded, id);
CREATE INDEX organisation_entry ON organisation (entry);

-- Who acts for an organisation, and who asks to.
CREATE TABLE private_membership (
	organisation TEXT    NOT NULL,
	person       TEXT    NOT NULL,
	role         TEXT    NOT NULL, -- owner, editor or asked
	since        INTEGER NOT NULL, -- to the day
	PRIMARY KEY (organisation, person)
) STRICT;
CREATE INDEX private_membership_person ON private_membership (person);

-- Invitations that nobody has taken up yet; one for each organisation and address.
CREATE TABLE private_invitation (
	id           TEXT    PRIMARY KEY,
	organisation TEXT    NOT NULL,
	address      BLOB    NOT NULL,        -- account.AddressHash
	sealed       BLOB    NOT NULL,        -- the address, for the owners to see
	role         TEXT    NOT NULL,
	token        BLOB    NOT NULL UNIQUE, -- SHA-256 of the token in the mailed link
	expires      INTEGER NOT NULL,
	UNIQUE (organisation, address)
) STRICT;
CREATE INDEX private_invitation_expires ON private_invitation (expires);

-- Codes mailed to an address at an organisation's domain; the newest holds.
CREATE TABLE private_domain_code (
	organisation TEXT    NOT NULL,
	person       TEXT    NOT NULL,
	domain       TEXT    NOT NULL,
	code         BLOB    NOT NULL, -- keyed hash
	tries        INTEGER NOT NULL,
	expires      INTEGER NOT NULL,
	PRIMARY KEY (organisation, person)
) STRICT;
CREATE INDEX private_domain_code_expires ON private_domain_code (expires);
