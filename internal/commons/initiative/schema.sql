-- Public: initiatives. Their things are found through the links of the catalogue.
CREATE TABLE initiative (
	id         TEXT    PRIMARY KEY,
	entry      INTEGER NOT NULL,    -- place in the record
	title      TEXT    NOT NULL,    -- chorus.Text as JSON; without words when erased
	summary    TEXT    NOT NULL,    -- the same
	organisers TEXT    NOT NULL     -- IDs of organisations as JSON
) STRICT;
CREATE INDEX initiative_entry ON initiative (entry);
