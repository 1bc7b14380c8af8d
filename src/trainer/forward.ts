import { Builder } from '../graph/builder.js';
import type { Fn, Node } from '../graph/node.js';
import { makeFn } from '../graph/program.js';
import type { KeyValueCache, Model } from '../models/contract.js';
import { logitsOf, rowsAt } from '../nn/head.js';
import type { Tuning } from './tuning.js';

/** Keys and values of P tokens that are held; those of all P+T come out by name when the model has gone through. */
export interface HeldCache extends KeyValueCache {
  /** `present.<layer>.key|value` → [B, kvHeads, P+T, headSize] */
  readonly present: Readonly<Record<string, Node>>;
}

/** in  key_positions, key_segments [B, P+T]; past.<layer>.key|value [B, kvHeads, P, headSize] */
export function heldCache(g: Builder, { keyValueHeads, headSize }: Model): HeldCache {
  const keys = (name: string) => g.input(name, ['B', 'P+T'], 'i32');
  const past = (name: string) => g.input(name, ['B', keyValueHeads, 'P', headSize]);
  const present: Record<string, Node> = {};
  return {
    positions: keys('key_positions'),
    segments: keys('key_segments'),
    past: (layer) => ({ key: past(`past.${layer}.key`), value: past(`past.${layer}.value`) }),
    setPresent: (layer, { key, value }) => {
      present[`present.${layer}.key`] = key;
      present[`present.${layer}.value`] = value;
    },
    present,
  };
}

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
  const cache = heldCache(g, model);

  const { hidden, head } = model.forward(g, { ids: tokens('input_ids'), positions: tokens('positions'), segments: tokens('segments'), cache });
  const last = rowsAt(g, hidden, g.input('last_rows', ['B'], 'i32')); // [B, C]
  const logits = logitsOf(g, last, head); // [B, V]

  const names = ['logits', ...Object.keys(cache.present)];
  const { outputs } = tuning.apply(g, [logits, ...Object.values(cache.present)], false);
  return makeFn('forward', Object.fromEntries(names.map((name, i) => [name, outputs[i]])));
}
