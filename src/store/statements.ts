/** Every statement that writes, prepared once a connection. */
import type { TrainEvent } from '../trainer/events.js';
import type { Connection, Query } from './connection.js';
import { rowChanges } from './recording.js';

type EventType = TrainEvent['type'];
export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(connection: Connection) {
  const write = (sql: string): Query<never> => connection.prepare(sql);
  return {
    changeRun: mapRecord(rowChanges, (change) => write(`UPDATE runs SET ${change} WHERE key = @run`)),
    insertRun: write(`INSERT INTO runs (id, name, state, created_at, config, parent)
      VALUES (@id, @name, 'queued', @created_at, @config, @parent)`),
    known: connection.prepare<{ state: string; since: string }>('SELECT state, coalesce(queued_at, created_at) AS since FROM runs WHERE id = @id'),
    adoptFigures: write(`UPDATE runs SET step = @step, total_steps = @total_steps, epoch = @epoch, tokens_seen = @tokens_seen, train_loss = @train_loss, eval_loss = @eval_loss,
      best_eval_loss = @best_eval_loss, output = coalesce(@output, output), worked_seconds = max(coalesce(worked_seconds, 0), @worked_seconds), started_at = coalesce(started_at, @started_at), ended_at = coalesce(ended_at, @ended_at) WHERE id = @id`),
    newestId: connection.prepare<{ id: string }>('SELECT id FROM runs ORDER BY id DESC LIMIT 1'),
    nextSeq: connection.prepare<{ run: number; seq: number }>('UPDATE runs SET seq = seq + 1 WHERE id = @id RETURNING key AS run, seq'),
    findKey: connection.prepare<{ key: number }>('SELECT key FROM metric_keys WHERE name = @name'),
    insertKey: connection.prepare<{ key: number }>('INSERT INTO metric_keys (name) VALUES (@name) RETURNING key'),
    insertPoint: write('INSERT OR REPLACE INTO metrics (run, key, step, seq, time, value) VALUES (@run, @key, @step, @seq, @time, @value)'),
    requeue: write(`UPDATE runs SET state = 'queued', reason = NULL, ended_at = NULL, queue_position = NULL, queued_at = @time, working_since = NULL,
      asked = CASE WHEN json(config) = json(@config) THEN asked ELSE coalesce(asked, config) END, config = @config
      WHERE id = @id AND state IN ('completed', 'stopped', 'failed', 'crashed')`),
    inheritPoints: write(`INSERT INTO metrics (run, key, step, seq, time, value)
      SELECT child.key, metrics.key, metrics.step, metrics.seq, metrics.time, metrics.value
      FROM metrics JOIN runs parent ON parent.key = metrics.run, runs child
      WHERE parent.id = @parent AND child.id = @id AND metrics.step <= @step`),
    inheritSeq: write('UPDATE runs SET seq = (SELECT seq FROM runs WHERE id = @parent) WHERE id = @id'),
    supersede: write('DELETE FROM metrics WHERE run = @run AND key = @key AND step > @step'),
    insertEvent: write('INSERT INTO events (run, type, seq, step, time, details) VALUES (@run, @type, @seq, @step, @time, @details)'),
    forgetPreparing: write("DELETE FROM events WHERE run = @run AND type = 'preparing'"),
    checkpoints: connection.prepare<{ step: number; path: string }>('SELECT step, path FROM checkpoints WHERE run = @run'),
    insertCheckpoint: write('INSERT OR REPLACE INTO checkpoints (run, step, path, bytes) VALUES (@run, @step, @path, @bytes)'),
    deleteCheckpoint: write('DELETE FROM checkpoints WHERE run = @run AND step = @step'),
    setState: write(`UPDATE runs SET state = @state, reason = @reason,
      started_at = CASE WHEN @state = 'running' THEN coalesce(started_at, @time) ELSE started_at END,
      ended_at = CASE WHEN @state IN ('queued', 'running', 'paused') THEN NULL ELSE coalesce(ended_at, @time) END,
      worked_seconds = CASE WHEN @state = 'running' THEN coalesce(worked_seconds, 0) ELSE worked_seconds END,
      working_since = CASE WHEN @state = 'running' THEN coalesce(working_since, @time) END,
      queue_position = CASE WHEN @state = 'queued' THEN queue_position END
      WHERE id = @id AND state = coalesce(@from, state)`),
    claim: write(`UPDATE runs SET state = 'running', reason = NULL, queue_position = NULL, started_at = coalesce(started_at, @time), ended_at = NULL,
      worked_seconds = coalesce(worked_seconds, 0), working_since = @time, pid = @pid, process_start = @startTime, boot_id = @bootId, host = @host, pid_namespace = @pidNamespace, announced = 0
      WHERE id = @id AND state = 'queued'`),
    takeEnd: write(`UPDATE runs SET announced = 1 WHERE id = @id AND announced = 0 AND state IN ('completed', 'stopped', 'failed', 'crashed')`),
    insertMeasurement: write('INSERT INTO measurements (time, details) VALUES (@time, @details)'),
    cancel: write(`UPDATE runs SET state = 'stopped', reason = @reason, queue_position = NULL, ended_at = @time
      WHERE id = @id AND state = 'queued'`),
    clearProcess: write(`UPDATE runs SET pid = NULL, process_start = NULL, boot_id = NULL, host = NULL, pid_namespace = NULL
      WHERE id = @id AND pid = @pid AND process_start = @startTime AND boot_id = @bootId`),
    enqueue: write(`UPDATE runs SET queue_position = coalesce(queue_position, (SELECT coalesce(max(queue_position), 0) + 1 FROM runs))
      WHERE id = @id AND state = 'queued'`),
    enqueueFirst: write(`UPDATE runs SET queue_position = (SELECT coalesce(min(queue_position), 1) - 1 FROM runs)
      WHERE id = @id AND state = 'queued'`),
    setPosition: write("UPDATE runs SET queue_position = @position WHERE id = @id AND state = 'queued'"),
    setSetting: write('INSERT OR REPLACE INTO settings (name, value) VALUES (@name, @value)'),
    setPreference: write('INSERT OR REPLACE INTO preferences (name, value) VALUES (@name, @value)'),
    setName: write('UPDATE runs SET name = @value WHERE id = @id'),
    setNote: write('UPDATE runs SET note = @value WHERE id = @id'),
    setArchived: write('UPDATE runs SET archived = @value WHERE id = @id'),
    addTag: write('INSERT OR IGNORE INTO tags (run, tag) SELECT key, @tag FROM runs WHERE id = @id'),
    removeTag: write('DELETE FROM tags WHERE tag = @tag AND run = (SELECT key FROM runs WHERE id = @id)'),
    remove: write('DELETE FROM runs WHERE id = @id'),
  };
}

function mapRecord<V, W>(record: Readonly<Record<EventType, V>>, change: (value: V) => W): Record<EventType, W> {
  return Object.fromEntries(Object.entries(record).map(([type, value]) => [type, change(value)])) as Record<EventType, W>;
}
