import { Builder } from '../../graph/builder.js';
import type { Fn, Node } from '../../graph/node.js';
import { makeFn } from '../../graph/program.js';
import type { EncoderDecoder, KeyValueCache, Model } from '../../models/contract.js';
import { logitsOf, rowsAt } from '../../nn/head.js';
import { sourceInputs } from '../inputs.js';
import type { Tuning } from '../tuning.js';

/** Keys and values of P tokens that are held; those of all P+T come out by name when the model has gone through. */
export interface HeldCache extends KeyValueCache {
  /** `present.<layer>.key|value` → [B, kvHeads, P+T, headSize] */
  readonly present: Readonly<Record<string, Node>>;
}

/**
 * in  key_segments, and key_positions or, of a model with an answerStartId, key_blocks [B, P+T];
 *     past.<layer>.key|value [B, kvHeads, P, headSize]
 */
export function heldCache(g: Builder, model: Model): HeldCache {
  const keys = (name: string) => g.input(name, ['B', 'P+T'], 'i32');
  const present: Record<string, Node> = {};
  return {
    positions: keys('key_positions'),
    segments: keys('key_segments'),
    ...(model.answerStartId === null ? {} : { blocks: keys('key_blocks') }),
    past: (layer) => keyValueInputs(g, `past.${layer}`, model, 'P'),
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
 *   in   input_ids, positions, segments [B, T]; last_rows [B]; those of `heldCache`
 *        with an answerStartId: blocks [B, T]
 *        of an encoder–decoder: source_segments [B, S]; cross.<layer>.key|value [B, kvHeads, S, headSize]
 *   out  logits [B, V] at `last_rows` (flat indices into B*T); present.<layer>.key|value [B, kvHeads, P+T, headSize]
 */
export function forwardFn(model: Model, tuning: Tuning): Fn {
  const g = new Builder();
  const tokens = (name: string) => g.input(name, ['B', 'T'], 'i32');
  const cache = heldCache(g, model);

  const { hidden, head } = model.forward(g, {
    ids: tokens('input_ids'), positions: tokens('positions'), segments: tokens('segments'), cache,
    ...(model.answerStartId === null ? {} : { blocks: tokens('blocks') }),
    ...(model.encoderDecoder === null ? {} : { source: { segments: g.input('source_segments', ['B', 'S'], 'i32'), cross: (layer: number) => keyValueInputs(g, `cross.${layer}`, model, 'S') } }),
  });
  const last = rowsAt(g, hidden, g.input('last_rows', ['B'], 'i32')); // [B, C]
  return tuned(g, 'forward', { logits: logitsOf(g, last, head), ...cache.present }, tuning);
}

/** A source, read once: `source_ids`, `source_positions`, `source_segments` [B, S] → cross.<layer>.key|value [B, kvHeads, S, headSize]. */
export function encodeFn({ encode }: EncoderDecoder, tuning: Tuning): Fn {
  const g = new Builder();
  const cross = encode(g, sourceInputs(g)).flatMap(({ key, value }, layer) => [[`cross.${layer}.key`, key], [`cross.${layer}.value`, value]] as const);
  return tuned(g, 'encode', Object.fromEntries(cross), tuning);
}

function keyValueInputs(g: Builder, name: string, { keyValueHeads, headSize }: Model, length: string): { key: Node; value: Node } {
  const shape = ['B', keyValueHeads, length, headSize];
  return { key: g.input(`${name}.key`, shape), value: g.input(`${name}.value`, shape) };
}

function tuned(g: Builder, name: string, outputs: Readonly<Record<string, Node>>, tuning: Tuning): Fn {
  const names = Object.keys(outputs);
  const { outputs: changed } = tuning.apply(g, Object.values(outputs), false);
  return makeFn(name, Object.fromEntries(names.map((output, i) => [output, g.cast(changed[i], 'f32')])));
}
