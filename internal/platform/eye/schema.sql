-- What each witness that we ask has said to us. Several nodes share the rows,
-- so that one of them asks.
CREATE TABLE record_witness (
	witness TEXT    PRIMARY KEY, -- its verifier key
	acked   INTEGER NOT NULL,    -- entries in the newest head of ours that it cosigned, 0 if none
	at      INTEGER NOT NULL,    -- when
	next    INTEGER NOT NULL,    -- it is not asked before
	fails   INTEGER NOT NULL     -- in a row
) STRICT;
