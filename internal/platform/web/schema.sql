CREATE TABLE private_session (
	id     TEXT    PRIMARY KEY,
	token  BLOB    NOT NULL UNIQUE, -- SHA-256 of what the browser holds
	person TEXT    NOT NULL,
	device TEXT    NOT NULL,        -- browser and system, nothing finer
	begun  INTEGER NOT NULL,
	seen   INTEGER NOT NULL         -- to the day
) STRICT;
CREATE INDEX private_session_person ON private_session (person);
