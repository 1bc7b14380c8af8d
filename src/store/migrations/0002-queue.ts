/**
 * `queued_at`: when a run began to wait, for one that waits a second time, to go on.
 *
 * `settings`: what holds for this home rather than for a run.
 */
export const queue = `
  ALTER TABLE runs ADD COLUMN queued_at TEXT;

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
