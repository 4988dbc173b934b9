-- People with an account. Whoever only signs a declaration has none.
CREATE TABLE private_person (
	id      TEXT    PRIMARY KEY,
	name    TEXT    NOT NULL,        -- '' until the person gives one
	address BLOB    NOT NULL UNIQUE, -- keyed hash of the normalised e-mail address
	sealed  BLOB    NOT NULL,        -- the address to write to
	lang    TEXT    NOT NULL,        -- of mails
	steward INTEGER NOT NULL,        -- 1 for those who look after the instance
	joined  INTEGER NOT NULL         -- to the day
) STRICT;
CREATE INDEX private_person_steward ON private_person (steward);

-- Sign-ins under way. A row goes when it is used or too old.
CREATE TABLE private_ticket (
	id      TEXT    PRIMARY KEY,
	browser BLOB    NOT NULL UNIQUE, -- SHA-256 of what the browser holds where it began
	link    BLOB    NOT NULL UNIQUE, -- SHA-256 of the token in the mailed link
	code    BLOB    NOT NULL,        -- keyed hash of the six digits
	sealed  BLOB    NOT NULL,        -- the address it was mailed to
	lang    TEXT    NOT NULL,
	target  TEXT    NOT NULL,        -- where to go on
	tries   INTEGER NOT NULL,        -- codes typed so far
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX private_ticket_expires ON private_ticket (expires);
