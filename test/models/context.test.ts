/** What a token can see: packing, padding, the sliding window and the key-value cache change no number. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import type { Executable } from '../../src/engine/contract.js';
import { Builder } from '../../src/graph/builder.js';
import { mulDims } from '../../src/graph/dims.js';
import type { Fn, Node } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { logitsOf } from '../../src/nn/head.js';
import type { KeyValueCache, Model } from '../../src/models/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { f32, i32, type Tensor } from '../../src/util/tensor.js';
import { compile, engines, goldenFolder, greatestDifference, modelProgram, tokenFeeds } from '../golden/support.js';

/** logits [B·T, V] of T new tokens after P held ones, and the keys and values of all. */
function cachedFn(model: Model): Fn {
  const g = new Builder();
  const tokens = (name: string, length: string) => g.input(name, ['B', length], 'i32');
  const present: Record<string, Node> = {};
  const past = (name: string) => g.input(name, ['B', model.keyValueHeads, 'P', model.headSize]);
  const cache: KeyValueCache = {
    positions: tokens('key_positions', 'P+T'),
    segments: tokens('key_segments', 'P+T'),
    past: (layer) => ({ key: past(`key.${layer}`), value: past(`value.${layer}`) }),
    setPresent: (layer, { key, value }) => Object.assign(present, { [`key.${layer}`]: key, [`value.${layer}`]: value }),
  };
  const { hidden, head } = model.forward(g, { ids: tokens('input_ids', 'T'), positions: tokens('positions', 'T'), segments: tokens('segments', 'T'), cache });
  const logits = logitsOf(g, g.reshape(hidden, [mulDims('B', 'T'), model.hiddenSize]), head);
  return makeFn('cached', { logits, ...present });
}

const documents = [[3, 9, 14, 22, 5, 30, 7], [11, 4, 4, 19, 8]];
const mask = (ids: readonly number[]) => ids.map(() => 1);

describe.each(engines)('$name', (engine) => {
  describe.each(['gpt2', 'llama-gqa', 'mistral-window', 'qwen3', 'gpt-neox', 'phi', 'phi3', 'gemma2', 'bloom', 'baichuan-alibi-normed', 'chatglm2'])('%s', (name) => {
    const folder = join(goldenFolder, 'models', name);
    const model = readModel(folder);
    const width = model.vocabSize;
    let executable: Executable;
    let alone: Float32Array[];
    beforeAll(async () => {
      const weights = initialWeights(model, folder);
      const program = modelProgram(model);
      executable = await compile(engine, { ...program, functions: { ...program.functions, cached: cachedFn(model) } }, (variable) => weights(variable.name));
      alone = [];
      for (const ids of documents) alone.push((await logitsOf(tokenFeeds([ids], [mask(ids)]))) as Float32Array);
    });
    afterAll(() => executable.dispose());

    const logitsOf = async (feeds: Record<string, Tensor>) => (await executable.run('logits', feeds)).logits.data;

    it('packed documents do not see each other', async () => {
      const [a, b] = documents;
      const packed = await logitsOf({
        input_ids: i32([1, 14], [...a, ...b, 0, 0]),
        positions: i32([1, 14], [...a.keys(), ...b.keys(), 0, 0]),
        segments: i32([1, 14], [...a.map(() => 1), ...b.map(() => 2), 0, 0]),
      });
      expect(greatestDifference(packed.subarray(0, a.length * width), alone[0])).toBeLessThan(1e-5);
      expect(greatestDifference(packed.subarray(a.length * width, (a.length + b.length) * width), alone[1])).toBeLessThan(1e-5);
      expect(packed.every(Number.isFinite)).toBe(true);
    });

    it('padding on the left or the right changes nothing', async () => {
      const [a, b] = documents;
      const logits = await logitsOf({
        input_ids: i32([2, 7], [...a, 0, 0, ...b]),
        positions: i32([2, 7], [...a.keys(), 0, 0, ...b.keys()]),
        segments: i32([2, 7], [...mask(a), 0, 0, ...mask(b)]),
      });
      expect(greatestDifference(logits.subarray(0, 7 * width), alone[0])).toBeLessThan(1e-5);
      expect(greatestDifference(logits.subarray(9 * width), alone[1])).toBeLessThan(1e-5);
    });

    it('a key-value cache gives what the whole sequence gives, token by token', async () => {
      const [ids] = documents;
      let cache: Record<string, Tensor> = Object.fromEntries(
        Array.from({ length: model.layerCount }, (_, layer) => ['key', 'value'].map((part) => [`${part}.${layer}`, f32([1, model.keyValueHeads, 0, model.headSize])])).flat(),
      );
      for (const [from, to] of [[0, 3], [3, 4], [4, 6], [6, 7]]) {
        const at = Int32Array.from({ length: to }, (_, i) => i);
        const { logits, ...present } = await executable.run('cached', {
          input_ids: i32([1, to - from], ids.slice(from, to)),
          positions: i32([1, to - from], at.slice(from)),
          segments: i32([1, to - from], new Int32Array(to - from).fill(1)),
          key_positions: i32([1, to], at),
          key_segments: i32([1, to], new Int32Array(to).fill(1)),
          ...cache,
        });
        expect(greatestDifference(logits.data, alone[0].subarray(from * width, to * width)), `${from} to ${to}`).toBeLessThan(1e-5);
        cache = present;
      }
    });
  });
});
