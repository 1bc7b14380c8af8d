/**
 * `announced`: 0 from the start of a run until somebody has taken it upon himself to tell of its end.
 *
 * `measurements`: what finished runs took beside what was estimated for them, newest last; kept when a run is removed.
 */
export const end = `
  ALTER TABLE runs ADD COLUMN announced INTEGER NOT NULL DEFAULT 1;

  CREATE TABLE measurements (
    key INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    details TEXT NOT NULL
  ) STRICT;
`;
