/**
 * `searches`: what is searched for, as JSON, and how it stands. `trials`: a row a set of values that is tried, with the run that tries
 * it, the rung it may train to, why it is out (else NULL), and what was measured at the rungs it has reached, as JSON. Both stay when
 * a run is deleted.
 */
export const searches = `
  CREATE TABLE searches (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    reason TEXT,
    created_at TEXT NOT NULL,
    ended_at TEXT,
    plan TEXT NOT NULL
  ) STRICT;

  CREATE TABLE trials (
    search INTEGER NOT NULL REFERENCES searches (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    run INTEGER REFERENCES runs (key) ON DELETE SET NULL,
    name TEXT NOT NULL,
    parameters TEXT NOT NULL,
    rung INTEGER NOT NULL DEFAULT 0,
    lost TEXT,
    measured TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (search, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX trials_by_run ON trials (run);
`;
