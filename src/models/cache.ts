import type { Builder } from '../graph/builder.js';
import type { KeyValue, KeyValueCache } from './contract.js';

/** A layer's keys and values with those of the tokens before: [B, K, T, D] → [B, K, P+T, D]; as they are without a cache. */
export function withPast(g: Builder, cache: KeyValueCache | null, layer: number, fresh: KeyValue): KeyValue {
  if (cache === null) return fresh;
  const past = cache.past(layer);
  const present = { key: g.concat([past.key, fresh.key], 2), value: g.concat([past.value, fresh.value], 2) };
  cache.setPresent(layer, present);
  return present;
}
