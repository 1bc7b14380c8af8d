// An upsert: the conflict clause of whoever sets a trigger off would go before that of an INSERT OR REPLACE.
const touch = (ids: string): string =>
  `INSERT INTO changes (id, at) SELECT id, (SELECT coalesce(max(at), 0) + 1 FROM changes) FROM ${ids} ON CONFLICT (id) DO UPDATE SET at = excluded.at;`;

/**
 * `changes`: when a column below of a run, its tags or its checkpoints changed last, as a count that only grows; so a list
 * that has been read is brought up to date by reading what changed. A run that is gone stays here alone. Triggers keep
 * it, whoever writes; what no list shows (`seq`, the process, the place in the queue), or what changes with one of them
 * (the time worked), is no change by itself.
 *
 * `preferences`: what a person has set for the screen of this home, as JSON.
 */

export const listing = `
  CREATE TABLE changes (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX changes_by_time ON changes (at);

  CREATE TABLE preferences (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER run_inserted AFTER INSERT ON runs BEGIN ${touch('(SELECT new.id AS id) WHERE true')} END;
  CREATE TRIGGER run_updated AFTER UPDATE OF
    name, state, reason, created_at, started_at, ended_at, config, engine, trainable_parameters, total_parameters, step, total_steps,
    epoch, tokens_seen, tokens_per_second, train_loss, eval_loss, perplexity, best_eval_loss, accuracy, peak_memory_bytes,
    estimated_memory_bytes, resumed_from, output, parent, note, archived
  ON runs BEGIN ${touch('(SELECT new.id AS id) WHERE true')} END;
  CREATE TRIGGER run_deleted AFTER DELETE ON runs BEGIN ${touch('(SELECT old.id AS id) WHERE true')} END;
  CREATE TRIGGER tag_inserted AFTER INSERT ON tags BEGIN ${touch('runs WHERE key = new.run')} END;
  CREATE TRIGGER tag_deleted AFTER DELETE ON tags BEGIN ${touch('runs WHERE key = old.run')} END;
  CREATE TRIGGER checkpoint_inserted AFTER INSERT ON checkpoints BEGIN ${touch('runs WHERE key = new.run')} END;
  CREATE TRIGGER checkpoint_deleted AFTER DELETE ON checkpoints BEGIN ${touch('runs WHERE key = old.run')} END;
`;
