import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';

export type Activation = (g: Builder, x: Node) => Node;

const erfGelu: Activation = (g, x) => g.op('gelu', [x], { approximate: 'none' });
const tanhGelu: Activation = (g, x) => g.op('gelu', [x], { approximate: 'tanh' });
const silu: Activation = (g, x) => g.op('silu', [x], {});

/** Elementwise functions by the names that Hugging Face configs use (transformers/activations.py, ACT2FN). */
export const activations: Readonly<Record<string, Activation>> = {
  gelu: erfGelu,
  gelu_python: erfGelu,
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_accurate: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  gelu_python_tanh: tanhGelu,
  quick_gelu: (g, x) => g.mul(x, g.op('sigmoid', [g.mul(x, 1.702)], {})), // x·σ(1.702x)
  silu,
  swish: silu,
  relu: (g, x) => g.op('relu', [x], {}),
  relu2: (g, x) => g.square(g.op('relu', [x], {})),
  sigmoid: (g, x) => g.op('sigmoid', [x], {}),
  tanh: (g, x) => g.op('tanh', [x], {}),
};
