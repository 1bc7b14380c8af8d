/** Rows of runs as records. What costs and is seldom asked for of all of ten thousand runs is read when it is asked for. */
import { completed } from '../config/complete.js';
import { looksWhole } from './checkpoint-files.js';
import type { Connection } from './connection.js';
import type { RunRecord } from './rows.js';

/** As they come back; a tuple, because an object of thirty fields costs the library three times as much to make. */
type RunRow = readonly [
  key: number, id: string, name: string, state: RunRecord['state'], reason: string | null, created_at: string, started_at: string | null, ended_at: string | null,
  config: string, engine: string | null, trainable_parameters: number | null, total_parameters: number | null, step: number, total_steps: number | null,
  epoch: number | null, tokens_seen: number | null, tokens_per_second: number | null, train_loss: number | null, eval_loss: number | null,
  perplexity: number | null, best_eval_loss: number | null, accuracy: number | null, peak_memory_bytes: number | null, estimated_memory_bytes: number | null,
  resumed_from: string | null, output: string | null, parent: string | null, note: string, archived: 0 | 1,
  worked_seconds: number | null, working_since: string | null,
];

const columns = `key, id, name, state, reason, created_at, started_at, ended_at, config, engine, trainable_parameters, total_parameters, step, total_steps,
  epoch, tokens_seen, tokens_per_second, train_loss, eval_loss, perplexity, best_eval_loss, accuracy, peak_memory_bytes, estimated_memory_bytes,
  resumed_from, output, parent, note, archived, worked_seconds, working_since`;

const noTags: readonly string[] = [];

/** A query for the runs that meet a condition (`WHERE …`, with named parameters), in an order; that of the file where none is given. */
export function runQuery(connection: Connection, condition = '', order = ''): (parameters?: object) => RunRecord[] {
  const rows = connection.prepareTuples<RunRow>(`SELECT ${columns} FROM runs ${condition} ${order}`);
  const ofThem = condition === '' ? '' : `WHERE run IN (SELECT key FROM runs ${condition})`;
  const tags = connection.prepareTuples<readonly [run: number, tag: string]>(`SELECT run, tag FROM tags ${ofThem}`);
  const checkpoints = connection.prepareTuples<readonly [run: number, list: string]>(`SELECT run, json_group_array(json_array(step, path)) FROM checkpoints ${ofThem} GROUP BY run`);
  return (parameters) =>
    connection.snapshot(() => {
      const tagsOf = new Map<number, string[]>();
      for (const [run, tag] of tags.all(parameters)) tagsOf.set(run, [...(tagsOf.get(run) ?? []), tag]);
      const checkpointsOf = new Map(checkpoints.all(parameters));
      return rows.all(parameters).map((row) => toRecord(row, tagsOf.get(row[0]) ?? noTags, checkpointsOf.get(row[0]) ?? '[]'));
    });
}

function toRecord(row: RunRow, tags: readonly string[], savedJson: string): RunRecord {
  const [
    , id, name, state, reason, created_at, started_at, ended_at, configJson, engine, trainable_parameters, total_parameters, step, total_steps,
    epoch, tokens_seen, tokens_per_second, train_loss, eval_loss, perplexity, best_eval_loss, accuracy, peak_memory_bytes, estimated_memory_bytes,
    resumed_from, output, parent, note, archived, worked_seconds, working_since,
  ] = row;
  let config: RunRecord['config'] | null = null;
  let checkpoints: RunRecord['checkpoints'] | null = null;
  return {
    id, name, state, reason, created_at, started_at, ended_at, worked_seconds, working_since,
    get config() {
      return (config ??= completed(JSON.parse(configJson) as object));
    },
    engine, trainable_parameters, total_parameters, step, total_steps,
    epoch, tokens_seen, tokens_per_second, train_loss, eval_loss, perplexity, best_eval_loss, accuracy, peak_memory_bytes, estimated_memory_bytes,
    get checkpoints() {
      return (checkpoints ??= (JSON.parse(savedJson) as [number, string][]).map(([at, path]) => checkpointOf(at, path)));
    },
    resumed_from, output, parent, tags, note,
    archived: archived === 1,
  };
}

/** Whether it is whole is looked up when it is asked for: a list of ten thousand runs asks for few. */
function checkpointOf(step: number, path: string): RunRecord['checkpoints'][number] {
  return {
    step,
    path,
    get valid() {
      return looksWhole(path);
    },
  };
}
