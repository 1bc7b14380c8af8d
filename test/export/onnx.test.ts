/** What is exported as ONNX, run by ONNX Runtime as transformers.js runs it, beside what `workbench generate` computes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseEngine } from '../../src/engine/registry.js';
import { writeOnnxModel } from '../../src/export/onnx.js';
import { exportRun } from '../../src/export/run.js';
import { readModel } from '../../src/models/registry.js';
import { randomWeights } from '../../src/models/weights.js';
import { openModel } from '../../src/trainer/open.js';
import { f32, i32 } from '../../src/util/tensor.js';
import { material } from '../golden/support.js';
import { writeTinyAdapter } from './adapter.js';

const demo = fileURLToPath(new URL('../../experiments/demo/model/', import.meta.url));
const stories = join(material, 'models/stories260k');
const base = { model: demo, tokenizer: null, quantization: 'none', name: 'demo', type: null, shardBytes: 5e9, card: null, output: demo, kind: 'model', format: 'onnx' } as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Step = (tokens: readonly number[][], mask: readonly number[][]) => Promise<number[][]>;

/** Feeds new tokens after those before; gives the logits of the last of each row. */
async function exported(place: string): Promise<Step> {
  const session = await InferenceSession.create(join(place, 'onnx', 'model.onnx'));
  const { layerCount, keyValueHeads, headSize } = readModel(place);
  const int64 = (rows: readonly number[][]) => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
  let past: Record<string, Tensor> | null = null;
  return async (tokens, mask) => {
    past ??= Object.fromEntries(Array.from({ length: layerCount }, (_, layer) => ['key', 'value'].map((part) => [`past_key_values.${layer}.${part}`, new Tensor('float32', new Float32Array(0), [tokens.length, keyValueHeads, 0, headSize])])).flat()) as Record<string, Tensor>;
    const places = mask.map((row) => row.map((_, i) => Math.max(0, row.slice(0, i + 1).reduce((sum, held) => sum + held, 0) - 1)).slice(-tokens[0].length));
    const { logits, ...present } = await session.run({ input_ids: int64(tokens), attention_mask: int64(mask), position_ids: int64(places), ...past });
    past = Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace('present', 'past_key_values'), value])) as Record<string, Tensor>;
    const [rows, length, width] = logits.dims;
    return Array.from({ length: rows }, (_, row) => Array.from((logits.data as Float32Array).subarray((row * length + length - 1) * width, (row + 1) * length * width)));
  };
}

/** The same by the program that `workbench generate` runs. */
async function ours(model: string, adapter: string | null): Promise<{ step: (tokens: readonly number[]) => Promise<number[]>; close: () => Promise<void> }> {
  const open = await openModel({ model, purpose: null, adapter, tokenizer: null, quantization: 'none', precision: 'f32', engine: { name: 'onnx', device: 'cpu', threads: 1 }, chooseEngine, scratch: mkdtempSync(join(folder, 'scratch-')) });
  const { layerCount, keyValueHeads, headSize } = open.model;
  let past = Object.fromEntries(Array.from({ length: layerCount }, (_, layer) => ['key', 'value'].map((part) => [`past.${layer}.${part}`, f32([1, keyValueHeads, 0, headSize])])).flat());
  let held = 0;
  const step = async (fresh: readonly number[]): Promise<number[]> => {
    const [T, S] = [fresh.length, held + fresh.length];
    const feeds = { input_ids: i32([1, T], fresh), positions: i32([1, T], fresh.map((_, i) => held + i)), segments: i32([1, T], fresh.map(() => 1)), key_positions: i32([1, S], Int32Array.from({ length: S }, (_, i) => i)), key_segments: i32([1, S], new Int32Array(S).fill(1)), last_rows: i32([1], [T - 1]) };
    const { logits, ...present } = await open.executable.run('forward', { ...feeds, ...past });
    past = Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace('present', 'past'), value])) as typeof past;
    held = S;
    return Array.from(logits.data);
  };
  return { step, close: () => open.close() };
}

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  const scale = Math.max(...wanted.map(Math.abs));
  expect(Math.max(...wanted.map((value, i) => Math.abs(value - actual[i])))).toBeLessThan(1e-5 * scale);
}

const likeliest = (logits: readonly number[]): number => logits.indexOf(Math.max(...logits));

async function sameLogits(name: string, model: string, adapted: boolean): Promise<void> {
  const adapter = !adapted ? null : await writeTinyAdapter(join(folder, 'adapter'), model);
  const out = join(folder, name);
  await exportRun({ ...base, model, output: adapter ?? model, kind: adapter === null ? 'model' : 'adapter', out });
  const step = await exported(out);
  const own = await ours(model, adapter);
  let fresh = [5, 17, 44, 9, 30];
  let held = 0;
  for (let i = 0; i < 8; i++) {
    held += fresh.length;
    const wanted = await own.step(fresh);
    const [actual] = await step([fresh], [new Array<number>(held).fill(1)]);
    expectClose(actual, wanted);
    fresh = [likeliest(wanted)];
  }
  await own.close();
}

describe('a model as ONNX', () => {
  it.skipIf(!existsSync(stories))('gives the logits of `generate`, step by step: llama (needs the shared material)', () => sameLogits('llama', stories, false));
  it('gives the logits of `generate`, step by step: gpt2', () => sameLogits('gpt2', demo, false));
  it('gives the logits of `generate`, step by step: gpt2 with an adapter', () => sameLogits('adapted', demo, true));

  it('does not see what is masked: a row padded on the left is the row alone', async () => {
    const out = join(folder, 'masked');
    await exportRun({ ...base, out });
    const both = await exported(out);
    const alone = await exported(out);
    const rows = [[0, 0, 5, 17], [8, 3, 21, 40]];
    const mask = [[0, 0, 1, 1], [1, 1, 1, 1]];
    expectClose((await both(rows, mask))[0], (await alone([[5, 17]], [[1, 1]]))[0]);
    expectClose((await both([[7], [9]], mask.map((row) => [...row, 1])))[0], (await alone([[7]], [[1, 1, 1]]))[0]);
  });

  it('keeps large weights beside the model, and says so where transformers.js looks', async () => {
    const small = join(folder, 'apart-not');
    const out = mkdtempSync(join(folder, 'apart-'));
    await exportRun({ ...base, out: small });
    const model = readModel(demo);
    const read = randomWeights(model, 3);
    await writeOnnxModel(out, { model, read, base: demo, inFileBytes: 1000 });
    expect(readdirSync(join(out, 'onnx')).sort()).toEqual(['model.onnx', 'model.onnx_data']);
    const config = (place: string) => (JSON.parse(readFileSync(join(place, 'config.json'), 'utf8')) as Record<string, unknown>)['transformers.js_config'];
    expect([config(small), config(out)]).toEqual([{ dtype: 'fp32' }, { dtype: 'fp32', use_external_data_format: true }]);
    const together = mkdtempSync(join(folder, 'together-'));
    await writeOnnxModel(together, { model, read, base: demo });
    const [apart, whole] = [await exported(out), await exported(together)];
    expect(await apart([[4, 5, 6]], [[1, 1, 1]])).toEqual(await whole([[4, 5, 6]], [[1, 1, 1]]));
  });

  it('has the tokenizer and what ends a text with it', async () => {
    const out = join(folder, 'files');
    await exportRun({ ...base, out });
    expect(readdirSync(out).sort()).toEqual(['config.json', 'generation_config.json', 'onnx', 'tokenizer.json', 'tokenizer_config.json']);
  });
});
