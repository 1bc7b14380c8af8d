/**
 * `runs`: a row a run with its latest values, so that a list of ten thousand needs no other table.
 *
 * `metrics`: a row a point, clustered by (run, key, step), so that one curve is one range of pages: some 30
 * bytes a point and no second index. `seq` counts a run's writes; within a curve it grows with the step (points
 * that a resume supersedes are deleted), so "what is new" is the tail of each curve.
 *
 * `events`: all else that a run said or was told, as JSON.
 */
export const runs = `
  CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    config TEXT NOT NULL,
    engine TEXT,
    trainable_parameters INTEGER,
    total_parameters INTEGER,
    step INTEGER NOT NULL DEFAULT 0,
    total_steps INTEGER,
    epoch REAL,
    tokens_seen INTEGER,
    tokens_per_second REAL,
    train_loss REAL,
    eval_loss REAL,
    perplexity REAL,
    best_eval_loss REAL,
    accuracy REAL,
    peak_memory_bytes INTEGER,
    estimated_memory_bytes INTEGER,
    resumed_from TEXT,
    output TEXT,
    parent TEXT,
    note TEXT NOT NULL DEFAULT '',
    archived INTEGER NOT NULL DEFAULT 0,
    queue_position INTEGER,
    pid INTEGER,
    process_start TEXT,
    boot_id TEXT,
    seq INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX runs_by_name ON runs (name, id);
  CREATE INDEX runs_live ON runs (state) WHERE state IN ('queued', 'running', 'paused');

  CREATE TABLE tags (
    run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run, tag)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoints (
    run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (run, step)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE metric_keys (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

  CREATE TABLE metrics (
    run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    key INTEGER NOT NULL REFERENCES metric_keys (key),
    step INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL, -- milliseconds since 1970
    value REAL, -- NULL: not a number
    PRIMARY KEY (run, key, step)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    type TEXT NOT NULL,
    seq INTEGER NOT NULL,
    step INTEGER,
    time TEXT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (run, type, seq)
  ) STRICT, WITHOUT ROWID;
`;
