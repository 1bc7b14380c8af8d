import { expect, test } from 'vitest';
import type { Engine, Executable } from '../../../src/engine/contract.js';
import { referenceEngine } from '../../../src/engine/reference/index.js';
import { TfjsExecutable } from '../../../src/engine/tfjs/executable.js';
import { tfjsEngine } from '../../../src/engine/tfjs/index.js';
import { Builder } from '../../../src/graph/builder.js';
import { gradient } from '../../../src/graph/gradient.js';
import type { Program, Variable } from '../../../src/graph/node.js';
import { makeFn } from '../../../src/graph/program.js';
import { adamwUpdate } from '../../../src/optim/adamw.js';
import { Random } from '../../../src/util/random.js';
import { f32, i32, scalar, sizeOf, type Tensor } from '../../../src/util/tensor.js';

const vocabulary = 37;
const width = 24;
const rank = 3;
const weights: readonly Variable[] = [
  { name: 'embedding', dtype: 'f32', shape: [vocabulary, width], role: 'frozen' },
  { name: 'gamma', dtype: 'f32', shape: [width], role: 'frozen' },
  { name: 'w', dtype: 'f32', shape: [width, width], role: 'frozen' },
  { name: 'a', dtype: 'f32', shape: [rank, width], role: 'trainable' },
  { name: 'b', dtype: 'f32', shape: [width, rank], role: 'trainable' },
];

/** A language model in small: embedding, norm, causal attention with an adapted projection, tied head. */
function program(): Program {
  const g = new Builder();
  const [embedding, gamma, w, a, b] = weights.map(({ name, shape }) => g.variable(name, shape));
  const ids = g.input('ids', ['B', 'T'], 'i32');
  const visible = g.input('visible', ['B', 'T', 'T'], 'bool');
  const x = g.op('rmsNorm', [g.gatherRows(embedding, ids), gamma], { epsilon: 1e-6 }); //                   [B,T,C]
  const adapted = g.add(g.linear(x, w), g.mul(g.linear(g.linear(x, a, { transposeW: true }), b, { transposeW: true }), 2));
  const scores = g.where(visible, g.matmul(adapted, x, { transposeB: true }), g.constant(-1e30)); //       [B,T,T]
  const mixed = g.op('gelu', [g.matmul(g.softmax(scores), adapted)], { approximate: 'none' }); //          [B,T,C]
  const hidden = g.gatherRows(g.reshape(g.add(x, mixed), ['B*T', width]), g.input('rows', ['N'], 'i32')); // [N,C]
  const loss = g.sum(g.op('linearCrossEntropy', [hidden, embedding, g.input('labels', ['N'], 'i32')], {}), [0]);
  const adapters = [a, b];
  const gradients = gradient(g, loss, adapters);
  const sums = adapters.map((node) => [`${node.attrs.name}.grad`, g.add(g.variable(`${node.attrs.name}.grad`, node.shape.map(Number)), gradients.get(node)!)] as const);
  const update = adamwUpdate(g, { variables: adapters.map((node) => ({ node, decay: true })), beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 });
  return {
    variables: [...weights, ...update.state],
    functions: { step: makeFn('step', { loss }, Object.fromEntries(sums)), update: update.fn },
  };
}

const rows = [0, 1, 2, 4, 5, 6, 8, 9];

async function tenUpdates(executable: Executable): Promise<{ losses: number[]; adapter: number[] }> {
  const losses: number[] = [];
  for (let step = 1; step <= 10; step++) {
    let loss = 0;
    for (const micro of [1, 2]) {
      const random = new Random('ids', micro);
      const ids = i32([2, 5], Array.from({ length: 10 }, () => random.below(vocabulary)));
      const labels = i32([rows.length], rows.map((row) => (ids.data[row] + 1) % vocabulary));
      const visible: Tensor = { dtype: 'bool', shape: [2, 5, 5], data: Uint8Array.from({ length: 50 }, (_, i) => (i % 5 <= Math.floor(i / 5) % 5 ? 1 : 0)) };
      loss += (await executable.run('step', { ids, visible, rows: i32([rows.length], rows), labels })).loss.data[0];
    }
    losses.push(loss);
    await executable.run('update', { learning_rate: scalar(0.05), clip: scalar(0.1), bias_correction1: scalar(1 - 0.9 ** step), bias_correction2: scalar(1 - 0.99 ** step) });
  }
  const adapter = [...(await executable.read('a')).data, ...(await executable.read('b')).data];
  await executable.dispose();
  return { losses, adapter };
}

function initial({ name, shape, role }: Variable): Tensor {
  const random = new Random('weights', name);
  const zero = role === 'gradient' || role === 'moment' || name === 'b';
  return f32(shape, Array.from({ length: sizeOf(shape) }, () => (zero ? 0 : 0.4 * random.normal())));
}

const options = { device: 'cpu', threads: 'auto', initial, scratch: '' } as const;
const compiled = (engine: Engine) => engine.compile(program(), options);
const plain = new TfjsExecutable(program(), { name: 'cpu', description: 'plain JavaScript' }, options);

test('ten updates with accumulation go as on the reference engine', async () => {
  const wanted = await tenUpdates(await compiled(referenceEngine));
  expect(wanted.losses[9]).toBeLessThan(wanted.losses[0] - 1);
  for (const executable of [await compiled(tfjsEngine), plain]) {
    const got = await tenUpdates(executable);
    const lossError = Math.max(...got.losses.map((loss, i) => Math.abs(loss / wanted.losses[i] - 1)));
    const adapterError = Math.max(...got.adapter.map((value, i) => Math.abs(value - wanted.adapter[i])));
    expect(lossError, executable.description).toBeLessThan(2e-6);
    expect(adapterError, executable.description).toBeLessThan(2e-5);
  }
});

test('the same run gives the same bits again', async () => {
  const first = await tenUpdates(await compiled(tfjsEngine));
  expect(await tenUpdates(await compiled(tfjsEngine))).toEqual(first);
});
