/** Moments in 8 bits: the codes of bitsandbytes, and what is lost by them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import { Builder } from '../../src/graph/builder.js';
import { codeLookup, dynamicTable, nearestEntry } from '../../src/graph/codes.js';
import { makeFn } from '../../src/graph/program.js';
import { adamwUpdate } from '../../src/optim/adamw.js';
import { momentsOf, type MomentDType } from '../../src/optim/moments.js';
import { Random } from '../../src/util/random.js';
import { f32, scalar, sizeOf, u8 } from '../../src/util/tensor.js';
import golden from './codes.golden.json' with { type: 'json' };

const scratch = mkdtempSync(join(tmpdir(), 'workbench-codes-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.each(golden.cases)('codes of bitsandbytes, signed $signed', ({ signed, entries, x, codes, scale }) => {
  const table = dynamicTable(signed);
  const share = (i: number): number => x[i] / scale[Math.floor(i / 256)];

  it('have its entries', () => {
    expect(table).toHaveLength(256);
    entries.forEach((entry, i) => expect(table[i]).toBeCloseTo(entry, 6));
  });

  it('are the nearest', () => {
    const distance = (i: number, code: number): number => Math.abs(share(i) - table[code]);
    codes.forEach((code, i) => expect(distance(i, nearestEntry(table, share(i)))).toBeLessThanOrEqual(distance(i, code) + 1e-7));
  });

  it('are nearly the nearest without a search', () => {
    const lookup = codeLookup(signed);
    const other = codes.filter((_, i) => {
      const code = nearestEntry(table, share(i));
      const root = Math.sign(share(i)) * Math.abs(share(i)) ** 0.25;
      const found = lookup.codes[Math.floor(root * (lookup.codes.length - 1 - lookup.origin) + lookup.origin + 0.5)];
      expect(Math.abs(found - code)).toBeLessThanOrEqual(1);
      return found !== code;
    });
    expect(other.length).toBeLessThan(0.03 * codes.length);
  });
});

/** A matrix that ends within a block, over some updates with gradients of many sizes; what it becomes. */
async function train(engine: Engine, moments: MomentDType): Promise<Float32Array> {
  const shape = [67, 71];
  const g = new Builder();
  const { fn, state } = adamwUpdate(g, { variables: [{ node: g.variable('w', shape), decay: true }], beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1, moments });
  const executable = await engine.compile({ variables: [{ name: 'w', dtype: 'f32', shape, role: 'trainable' }, ...state], functions: { update: fn } }, {
    device: 'cpu',
    threads: 1,
    scratch: mkdtempSync(join(scratch, 'engine-')),
    initial: ({ shape: each, dtype }) => (dtype === 'u8' ? u8(each) : f32(each)),
  });
  const random = new Random('gradient');
  const size = Array.from({ length: sizeOf(shape) }, () => 2 ** -random.below(4));
  for (let step = 1; step <= 10; step++) {
    await executable.write('w.grad', f32(shape, size.map((each) => each * (0.3 + random.normal()))));
    await executable.run('update', { learning_rate: scalar(0.01), clip: scalar(1), bias_correction1: scalar(1 - 0.9 ** step), bias_correction2: scalar(1 - 0.98 ** step) });
  }
  const { data } = await executable.read('w');
  await executable.dispose();
  return Float32Array.from(data);
}

/** The root of the mean squared difference, as a share of that of `b`. */
function difference(a: Float32Array, b: Float32Array): number {
  const square = (value: (i: number) => number): number => b.reduce((sum, _, i) => sum + value(i) ** 2, 0);
  return Math.sqrt(square((i) => a[i] - b[i]) / square((i) => b[i]));
}

/** Codes [rows, 256] of some numbers and their values again, as ONNX Runtime finds them for so many rows at a time. */
async function throughCodes(x: Float32Array, { rows, signed }: { rows: number; signed: boolean }): Promise<{ codes: Uint8Array; values: Float32Array }> {
  const g = new Builder();
  const blocks = g.input('x', [rows, 256]);
  const scale = g.op('absMax', [blocks], {});
  const codes = g.op('dynamicCode', [blocks, scale], { signed });
  const fn = makeFn('through', { codes, values: g.op('dynamicValue', [codes, scale], { signed }) });
  const executable = await onnxEngine.compile({ variables: [], functions: { through: fn } }, { device: 'cpu', threads: 2, scratch: mkdtempSync(join(scratch, 'engine-')), initial: ({ shape }) => f32(shape) });
  const found = { codes: new Uint8Array(x.length), values: new Float32Array(x.length) };
  for (let at = 0; at < x.length; at += rows * 256) {
    const outputs = await executable.run('through', { x: f32([rows, 256], x.subarray(at, at + rows * 256)) });
    found.codes.set(outputs.codes.data, at);
    found.values.set(outputs.values.data, at);
  }
  await executable.dispose();
  return found;
}

describe.each([true, false])('a slab of codes, signed %s', (signed) => {
  it('has those of its rows', async () => {
    const random = new Random('slab');
    const x = Float32Array.from({ length: 16 * 256 }, () => (signed ? random.normal() : random.normal() ** 2) * 10 ** -random.below(8));
    const few = await throughCodes(x, { rows: 8, signed });
    const slab = new Float32Array(256 * x.length);
    for (let at = 0; at < slab.length; at += x.length) slab.set(x, at);
    const many = await throughCodes(slab, { rows: 4096, signed });
    for (let at = 0; at < many.codes.length; at += x.length) {
      expect(Buffer.from(many.codes.subarray(at, at + x.length)).equals(few.codes)).toBe(true);
      expect(many.values.subarray(at, at + x.length).every((value, i) => value === few.values[i])).toBe(true);
    }
    expect(new Set(few.codes).size).toBeGreaterThan(200);
  });
});

describe('AdamW with moments in 8 bits', () => {
  it.each([onnxEngine, tfjsEngine, referenceEngine])('goes where full moments go: $name', async (engine) => {
    const [coded, full] = [await train(engine, 'u8'), await train(engine, 'f32')];
    expect(difference(coded, full)).toBeLessThan(0.05);
    expect(difference(coded, full)).toBeGreaterThan(0);
  });

  it('takes a quarter, and leaves small parameters as they are', () => {
    const bytes = (shape: number[], dtype: MomentDType): number => momentsOf({ name: 'w', shape }, dtype).variables.reduce((sum, each) => sum + (each.dtype === 'u8' ? 1 : 4) * sizeOf(each.shape), 0);
    expect(bytes([768, 2304], 'u8') / bytes([768, 2304], 'f32')).toBeCloseTo(0.254, 3);
    expect(bytes([4095], 'u8')).toBe(bytes([4095], 'f32'));
  });
});
