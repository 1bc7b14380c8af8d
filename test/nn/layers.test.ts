import { describe, expect, it } from 'vitest';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { Builder } from '../../src/graph/builder.js';
import type { Node } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { activations } from '../../src/nn/activation.js';
import { attention } from '../../src/nn/attention.js';
import { linear, linearParameters, norm, normParameters, type Linear, type Norm } from '../../src/nn/layers.js';
import { attentionBias, causal, slidingWindow } from '../../src/nn/mask.js';
import { llama3Scaling, rotaryFrequencies } from '../../src/nn/rotary.js';
import { f32, i32, type Tensor } from '../../src/util/tensor.js';
import { compile } from '../golden/support.js';

async function compute(build: (g: Builder) => Node, feeds: Record<string, Tensor>): Promise<Tensor> {
  const executable = await compile(referenceEngine, { variables: [], functions: { run: makeFn('run', { y: build(new Builder()) }) } }, ({ shape }) => f32(shape));
  return (await executable.run('run', feeds)).y;
}

describe('activations', () => {
  // transformers.activations.ACT2FN at these points
  const points = [-3, -1, -0.25, 0, 0.5, 2];
  const erfGelu = [-0.00404969, -0.158655, -0.100323, 0, 0.345731, 1.9545];
  const tanhGelu = [-0.00363743, -0.158808, -0.100325, 0, 0.345714, 1.9546];
  const silu = [-0.142278, -0.268941, -0.109456, 0, 0.31123, 1.76159];
  const expected: Record<string, number[]> = {
    gelu: erfGelu,
    gelu_python: erfGelu,
    gelu_new: tanhGelu,
    gelu_fast: tanhGelu,
    gelu_accurate: tanhGelu,
    gelu_pytorch_tanh: tanhGelu,
    gelu_python_tanh: tanhGelu,
    quick_gelu: [-0.0180713, -0.154204, -0.0988003, 0, 0.350388, 1.93566],
    silu,
    swish: silu,
    relu: [0, 0, 0, 0, 0.5, 2],
    relu2: [0, 0, 0, 0, 0.25, 4],
    sigmoid: [0.0474259, 0.268941, 0.437824, 0.5, 0.622459, 0.880797],
    tanh: [-0.995055, -0.761594, -0.244919, 0, 0.462117, 0.964028],
  };

  it('have a number for every name', () => expect(Object.keys(expected).sort()).toEqual(Object.keys(activations).sort()));

  it.each(Object.keys(expected))('%s', async (name) => {
    const { data } = await compute((g) => activations[name](g, g.input('x', [6])), { x: f32([6], points) });
    data.forEach((y, i) => expect(y).toBeCloseTo(expected[name][i], 5));
  });
});

describe('the mask', () => {
  const places = { positions: i32([1, 6], [0, 1, 2, 3, 0, 1]), segments: i32([1, 6], [1, 1, 1, 1, 2, 2]) };
  const seen = async (sights: Parameters<typeof attentionBias>[3]) => {
    const input = (g: Builder) => ({ positions: g.input('positions', ['B', 'T'], 'i32'), segments: g.input('segments', ['B', 'T'], 'i32') });
    const { data, shape } = await compute((g) => attentionBias(g, input(g), input(g), sights), places);
    expect(shape).toEqual([1, 1, 6, 6]);
    return Array.from({ length: 6 }, (_, t) => Array.from(data.slice(6 * t, 6 * t + 6), (bias) => (bias === 0 ? 'x' : '.')).join(''));
  };

  it('lets a token see its own segment up to itself', async () => {
    expect(await seen([causal])).toEqual(['x.....', 'xx....', 'xxx...', 'xxxx..', '....x.', '....xx']);
  });

  it('lets it see no further back than the window', async () => {
    expect(await seen([causal, slidingWindow(2)])).toEqual(['x.....', 'xx....', '.xx...', '..xx..', '....x.', '....xx']);
  });
});

describe('attention', () => {
  it('gives the heads of a group the same keys', async () => {
    // One token, so that every weight is 1: each of four heads answers with the value of its group.
    const feeds = { q: f32([1, 4, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]), k: f32([1, 2, 1, 2], [1, 1, 1, 1]), v: f32([1, 2, 1, 2], [10, 11, 20, 21]), bias: f32([1, 1, 1, 1]) };
    const y = await compute((g) => attention(g, { query: g.input('q', ['B', 4, 'T', 2]), key: g.input('k', ['B', 2, 'T', 2]), value: g.input('v', ['B', 2, 'T', 2]), bias: g.input('bias', ['B', 1, 'T', 'T']), scale: 1 }), feeds);
    expect(y).toEqual(f32([1, 1, 8], [10, 11, 10, 11, 20, 21, 20, 21]));
  });
});

describe('rotary frequencies', () => {
  it('are stretched as for Llama 3.1', () => {
    // transformers LlamaRotaryEmbedding(head size 32, theta 500000, factor 8, 1, 4, 8192).inv_freq
    const expected = [1, 0.4403666, 0.1939228, 0.0853971, 0.03760603, 0.01656044, 0.007292665, 0.003211446, 0.000524846, 7.784655e-5, 3.428102e-5, 1.509622e-5, 6.64787e-6, 2.9275e-6, 1.289173e-6, 5.677088e-7];
    const scaling = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
    llama3Scaling(rotaryFrequencies(32, 500_000), scaling).forEach((frequency, i) => expect(frequency / expected[i]).toBeCloseTo(1, 5));
  });
});

describe('layers and their parameters', () => {
  const used = (node: Node): [string, readonly number[]][] => node.inputs.flatMap((input) => (input.kind === 'variable' ? [[input.attrs.name, input.shape.map(Number)]] : []));
  const named = (parameters: readonly { name: string; shape: readonly number[] }[]) => parameters.map(({ name, shape }) => [name, shape]);

  it.each([
    { module: 'a', inputSize: 3, outputSize: 5, bias: true, transposeW: true, std: 1 },
    { module: 'b', inputSize: 3, outputSize: 5, bias: false, transposeW: false, std: 1 },
  ] satisfies Linear[])('agree for a linear map ($module)', (layer) => {
    const g = new Builder();
    const y = linear(g, g.input('x', ['B', 3]), layer);
    expect(y.shape).toEqual(['B', 5]);
    expect(used(y)).toEqual(named(linearParameters(layer)));
  });

  it.each([
    { module: 'a', kind: 'layer', width: 3, epsilon: 1e-5 },
    { module: 'b', kind: 'rms', width: 3, epsilon: 1e-5 },
  ] satisfies Norm[])('agree for a $kind norm', (layer) => {
    const g = new Builder();
    expect(used(norm(g, g.input('x', ['B', 3]), layer))).toEqual(named(normParameters(layer)));
  });
});
