-- Public: a card for each public thing, and the links between things.
CREATE TABLE card (
	ref           TEXT    PRIMARY KEY, -- kind/id
	kind          TEXT    NOT NULL,
	sort          TEXT    NOT NULL,    -- finer than kind: petition, public body; '' if there is none
	title         TEXT    NOT NULL,    -- chorus.Text as JSON
	summary       TEXT    NOT NULL,    -- chorus.Text as JSON
	path          TEXT    NOT NULL,    -- of its page
	state         TEXT    NOT NULL,    -- as its owner names it
	opens         INTEGER NOT NULL,    -- 0: no date
	closes        INTEGER NOT NULL,    -- 0: no date
	people        INTEGER NOT NULL DEFAULT 0,
	organisations INTEGER NOT NULL DEFAULT 0,
	entry         INTEGER NOT NULL     -- place in the record where it began
) STRICT;
CREATE INDEX card_kind ON card (kind, entry);

CREATE TABLE link (
	source   TEXT NOT NULL,
	relation TEXT NOT NULL,
	target   TEXT NOT NULL,
	PRIMARY KEY (source, relation, target)
) STRICT;
CREATE INDEX link_target ON link (target, relation);
