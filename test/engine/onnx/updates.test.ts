/** Updates by slabs and sums in host memory: the same numbers as when a variable is computed whole. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Engine } from '../../../src/engine/contract.js';
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
