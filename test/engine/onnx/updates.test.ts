/** Updates by slabs and sums in host memory: the same numbers as when a variable is computed whole. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, expect, test, vi } from 'vitest';
import { OutOfMemory, type Engine, type Executable } from '../../../src/engine/contract.js';
import { onnxEngine } from '../../../src/engine/onnx/index.js';
import { emptyTensor } from '../../../src/engine/onnx/memory.js';
import { slabElements } from '../../../src/engine/onnx/slabs.js';
import { referenceEngine } from '../../../src/engine/reference/index.js';
import { Builder } from '../../../src/graph/builder.js';
import type { Program } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';
import { adamwUpdate } from '../../../src/optim/adamw.js';
import type { MomentDType } from '../../../src/optim/moments.js';
import { f32, scalar, sizeOf, type Tensor } from '../../../src/util/tensor.js';

const scratch = mkdtempSync(join(tmpdir(), 'workbench-updates-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Shapes = Readonly<Record<string, readonly number[]>>;
const small = { few: [4096] };
/** Some slabs and a little of the next one; every 4096 elements are those of `few` again. */
const both = { ...small, many: [(2 * slabElements) / 4096 + 1, 4096] };

function program(shapes: Shapes, moments: MomentDType): Program {
  const g = new Builder();
  const parameters = Object.entries(shapes).map(([name, shape]) => g.variable(name, shape));
  const update = adamwUpdate(g, { variables: parameters.map((node) => ({ node, decay: true })), beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, moments });
  // d/dv of ½·x·v²
  const x = g.input('x', []);
  const step = makeFn('step', {}, Object.fromEntries(parameters.map((node) => [`${node.attrs.name}.grad`, g.add(g.variable(`${node.attrs.name}.grad`, node.shape.map(Number)), g.mul(node, x))])));
  const variables = parameters.map((node) => ({ name: node.attrs.name, shape: node.shape.map(Number), dtype: 'f32' as const, role: 'trainable' as const }));
  return { variables: [...variables, ...update.state], functions: { step, update: update.fn } };
}

async function trained(engine: Engine, shapes: Shapes, moments: MomentDType): Promise<Record<string, Tensor>> {
  const executable = await engine.compile(program(shapes, moments), {
    device: 'cpu', threads: 1, scratch: mkdtempSync(join(scratch, 'engine-')),
    initial: (variable) => (variable.role === 'trainable' ? f32(variable.shape, Float32Array.from({ length: sizeOf(variable.shape) }, (_, i) => Math.sin(i % 4096))) : emptyTensor(variable)),
  });
  const values: Record<string, Tensor> = {};
  for (let step = 1; step <= 2; step++) {
    for (const x of [1, 0.5]) await executable.run('step', { x: scalar(x) }); // the second is added to the first
    if (step === 2) for (const name of Object.keys(shapes)) values[`${name}.grad`] = await executable.read(`${name}.grad`);
    await executable.run('update', { learning_rate: scalar(0.1), clip: scalar(1), bias_correction1: scalar(1 - 0.9 ** step), bias_correction2: scalar(1 - 0.999 ** step) });
  }
  for (const { name } of program(shapes, moments).variables) values[name] ??= await executable.read(name);
  await executable.dispose();
  return values;
}

test.each(['f32', 'u8'] as const)('a large variable with moments in %s learns as a small one', async (moments) => {
  const found = await trained(onnxEngine, both, moments);
  for (const [name, { data }] of Object.entries(found).filter(([each]) => each.startsWith('few'))) {
    expect(found[name.replace('few', 'many')].data.findIndex((value, i) => value !== data[i % data.length])).toBe(-1);
  }
});

test('a small one learns as on the reference engine', async () => {
  const [wanted, found] = [await trained(referenceEngine, small, 'f32'), await trained(onnxEngine, small, 'f32')];
  for (const [name, { data }] of Object.entries(wanted)) expect(data.findIndex((value, i) => Math.abs(value - found[name].data[i]) > 1e-5)).toBe(-1);
});

test('a sum is of what variables held before, also where the other is large', async () => {
  const g = new Builder();
  const shape = [slabElements];
  const [w, m] = ['w', 'm'].map((name) => g.variable(name, shape));
  const program: Program = {
    variables: ['w', 'm'].map((name) => ({ name, shape, dtype: 'f32', role: 'trainable' })),
    functions: { update: makeFn('update', {}, { w: g.add(w, m), m: g.mul(m, 0.5) }) },
  };
  const executable = await onnxEngine.compile(program, { device: 'cpu', threads: 1, scratch: mkdtempSync(join(scratch, 'engine-')), initial: ({ name }) => f32(shape, new Float32Array(slabElements).fill(name === 'w' ? 1 : 8)) });
  await executable.run('update', {});
  expect([new Set((await executable.read('w')).data), new Set((await executable.read('m')).data)]).toEqual([new Set([9]), new Set([4])]);
  await executable.dispose();
});

/** Two variables that are changed in place, each with another that is all zeros at first and takes no memory. */
function lazily(): Promise<Executable> {
  const g = new Builder();
  const shape = [slabElements];
  const names = ['a', 'b'];
  const updates = names.flatMap((name) => {
    const moment = g.add(g.variable(`${name}.moment`, shape), 1);
    return [[`${name}.moment`, moment], [name, g.sub(g.variable(name, shape), moment)]] as const;
  });
  const variables = updates.map(([name]) => ({ name, shape, dtype: 'f32' as const, role: 'trainable' as const }));
  const initial = ({ name }: { readonly name: string }) => f32(shape, new Float32Array(slabElements).fill(name.endsWith('moment') ? 0 : 10));
  return onnxEngine.compile({ variables, functions: { update: makeFn('update', {}, Object.fromEntries(updates)) } }, { device: 'cpu', threads: 1, scratch: mkdtempSync(join(scratch, 'engine-')), initial });
}

const valuesOf = (executable: Executable): Promise<number[][]> => Promise.all(['a', 'a.moment', 'b', 'b.moment'].map(async (name) => [...new Set((await executable.read(name)).data)]));
const [before, after] = [[[10], [0], [10], [0]], [[9], [1], [9], [1]]];

/** As if the system had memory for so many large buffers more while `work` runs. */
async function withRoomFor(buffers: number, work: () => Promise<unknown>): Promise<void> {
  const { ArrayBuffer } = globalThis;
  let left = buffers;
  globalThis.ArrayBuffer = new Proxy(ArrayBuffer, {
    construct(target, args: [number], newTarget) {
      if (args[0] >= slabElements && --left < 0) throw new RangeError('Array buffer allocation failed');
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  try {
    await work();
  } finally {
    globalThis.ArrayBuffer = ArrayBuffer;
  }
}

test.each([0, 1])('a variable that finds no memory after %i others have leaves all of them as they were', async (room) => {
  const executable = await lazily();
  await expect(withRoomFor(room, () => executable.run('update', {}))).rejects.toThrow(OutOfMemory);
  expect(await valuesOf(executable)).toEqual(before);
  await withRoomFor(1 - room, () => executable.run('update', {})); // what was taken is kept: no more is needed
  expect(await valuesOf(executable)).toEqual(after);
  await executable.dispose();
});

/** A run of ONNX Runtime that finds no memory of its own: the `call`-th. */
async function failingAt(call: number, work: () => Promise<unknown>): Promise<void> {
  const sessions = (InferenceSession as unknown as { readonly prototype: InferenceSession }).prototype;
  const { run } = sessions;
  let calls = 0;
  const spy = vi.spyOn(sessions, 'run').mockImplementation(async function (this: InferenceSession, ...args: Parameters<typeof run>) {
    if (++calls === call) throw new Error('std::bad_alloc');
    return run.apply(this, args);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
}

test('an update that fails half-way says so, and nothing can be made of what it left', async () => {
  const executable = await lazily();
  await expect(failingAt(1, () => executable.run('update', {}))).rejects.toThrow(OutOfMemory);
  expect(await valuesOf(executable)).toEqual(before);
  await executable.run('update', {});
  expect(await valuesOf(executable)).toEqual(after);
  const torn = { name: 'TornUpdate', message: expect.stringMatching(/no longer whole: .*bad_alloc/) as string, cause: { name: 'OutOfMemory' } };
  await expect(failingAt(2, () => executable.run('update', {}))).rejects.toMatchObject(torn);
  await expect(executable.run('update', {})).rejects.toMatchObject(torn);
  await expect(executable.read('b')).rejects.toMatchObject(torn);
  await executable.dispose();
});
