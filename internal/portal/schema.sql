-- Public: what the instance said of itself, each time; the newest holds.
CREATE TABLE site (
	entry INTEGER PRIMARY KEY, -- place in the record
	id    TEXT    NOT NULL,
	core  TEXT    NOT NULL     -- fact.SiteCore as JSON
) STRICT;

-- Public: the keys it announced; of each purpose the newest holds.
CREATE TABLE site_key (
	entry   INTEGER PRIMARY KEY, -- place in the record
	purpose TEXT    NOT NULL,    -- a fact.KeyUse
	public  TEXT    NOT NULL     -- the public key, as announced
) STRICT;

-- The link for the first start, until it is used.
CREATE TABLE private_setup (
	id    INTEGER PRIMARY KEY, -- always 1
	token BLOB    NOT NULL,    -- SHA-256 of what the link holds
	site  TEXT    NOT NULL     -- fact.SiteCore as JSON, to be published; '' until it was given
) STRICT;
