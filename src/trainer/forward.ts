import { Builder } from '../graph/builder.js';
import type { Fn, Node } from '../graph/node.js';
import { makeFn } from '../graph/program.js';
import type { KeyValueCache, Model } from '../models/contract.js';
import { logitsOf, rowsAt } from '../nn/head.js';
import type { Tuning } from './tuning.js';

/**
 * One step of generation: T new tokens after P held ones (P may be 0).
 *
 *   in   input_ids, positions, segments [B, T]; key_positions, key_segments [B, P+T]; last_rows [B];
 *        past.<layer>.key|value [B, kvHeads, P, headSize]
 *   out  logits [B, V] at `last_rows` (flat indices into B*T); present.<layer>.key|value [B, kvHeads, P+T, headSize]
 */
export function forwardFn(model: Model, tuning: Tuning): Fn {
  const g = new Builder();
  const tokens = (name: string) => g.input(name, ['B', 'T'], 'i32');
  const keys = (name: string) => g.input(name, ['B', 'P+T'], 'i32');
  const present: Record<string, Node> = {};
  const cache: KeyValueCache = {
    positions: keys('key_positions'),
    segments: keys('key_segments'),
    past: (layer) => ({ key: past(`past.${layer}.key`), value: past(`past.${layer}.value`) }),
    setPresent: (layer, { key, value }) => {
      present[`present.${layer}.key`] = key;
      present[`present.${layer}.value`] = value;
    },
  };
  const past = (name: string) => g.input(name, ['B', model.keyValueHeads, 'P', model.headSize]);

  const { hidden, head } = model.forward(g, { ids: tokens('input_ids'), positions: tokens('positions'), segments: tokens('segments'), cache });
  const last = rowsAt(g, hidden, g.input('last_rows', ['B'], 'i32')); // [B, C]
  const logits = logitsOf(g, last, head); // [B, V]

  const names = ['logits', ...Object.keys(present)];
  const { outputs } = tuning.apply(g, [logits, ...Object.values(present)], false);
  return makeFn('forward', Object.fromEntries(names.map((name, i) => [name, outputs[i]])));
}
