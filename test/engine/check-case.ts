import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Device, Engine, Executable } from '../../src/engine/contract.js';
import { evaluate } from '../../src/engine/reference/evaluate.js';
import type { Precision, Value } from '../../src/engine/reference/value.js';
import { Builder } from '../../src/graph/builder.js';
import { evaluateShape, symbolsOf, type Bindings } from '../../src/graph/dims.js';
import { gradient } from '../../src/graph/gradient.js';
import type { Fn, InitialValue, Node, Program, Variable } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { Random } from '../../src/util/random.js';
import { bool, f32, half, i32, numbersOf, u8, sizeOf, type HostDType, type Tensor } from '../../src/util/tensor.js';
import { sizes, type OpCase, type Operand } from './cases.js';

export interface EngineOnDevice {
  readonly engine: Engine;
  readonly device: Device;
}

/** Compiles, runs `use`, and leaves nothing behind. */
export async function withExecutable(on: EngineOnDevice, program: Program, initial: InitialValue, use: (executable: Executable) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'workbench-case-'));
  try {
    const executable = await on.engine.compile(program, { device: on.device, threads: 2, initial, scratch });
    try {
      await use(executable);
    } finally {
      await executable.dispose();
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/**
 * One executable of the case, called once for each size of its symbols: the result and each gradient against
 * the reference engine in double precision, and all gradients together against the slope of the reference's
 * result along one random direction.
 */
export async function checkCase(on: EngineOnDevice, opCase: OpCase): Promise<void> {
  const graph = build(opCase);
  const { tolerance = 2e-6, gradientTolerance = 1e-5 } = opCase;
  const random = new Random(opCase.name, 'values');
  const held = draw(graph.held, {}, random);

  await withExecutable(on, graph.program, ({ name }) => held[name], async (executable) => {
    for (const bindings of graph.hasSymbols ? sizes : [{}]) {
      const feeds = draw(graph.fed, bindings, random);
      const found = await executable.run('case', feeds);
      const judge = new Judge(bindings, { ...held, ...feeds });
      const expected = judge.outputs(graph.fn);
      const at = JSON.stringify(bindings);
      expectClose(found.result, expected.result, { what: `result at ${at}`, tolerance });
      for (const name of graph.real) expectClose(found[name], expected[name], { what: `gradient of ${name} at ${at}`, tolerance: gradientTolerance });
      if (graph.loss !== null) expectSlope(found, judge, { loss: graph.loss, names: graph.real, tolerance: gradientTolerance, random });
    }
  });
}

type Named<T> = Readonly<Record<string, T>>;

interface CaseGraph {
  readonly program: Program;
  readonly held: Named<Operand>;
  readonly fed: Named<Operand>;
  readonly hasSymbols: boolean;
  /** Gives `result`, and the gradient of the loss by each operand in `real`, by its name. */
  readonly fn: Fn;
  readonly real: readonly string[];
  /** Σ result·weights, the weights being one more input; null where nothing is real. */
  readonly loss: Fn | null;
}

function build({ operands, build: buildResult, forwardOnly }: OpCase): CaseGraph {
  const g = new Builder();
  const named = new Map(operands.map((operand, i) => [`operand${i}`, operand]));
  const nodes = new Map([...named].map(([name, { shape, dtype, held }]) => [name, held ? g.variable(name, shape.map(Number), dtype) : g.input(name, shape, dtype)] as const));
  const result = buildResult(g, [...nodes.values()]);

  const real = forwardOnly === undefined && result.dtype === 'f32' ? [...named].filter(([, { dtype }]) => dtype === 'f32').map(([name]) => name) : [];
  const outputs: Record<string, Node> = { result };
  if (real.length > 0) {
    named.set('weights', { shape: result.shape, dtype: 'f32', draw: (random) => random.normal(), held: false });
    outputs.loss = g.sum(g.mul(result, g.input('weights', result.shape)), result.shape.map((_, axis) => axis));
    const gradients = gradient<Node>(g, outputs.loss, real.map((name) => nodes.get(name)!));
    for (const name of real) outputs[name] = gradients.get(nodes.get(name)!)!;
  }
  const fn = makeFn('case', outputs);
  const of = (held: boolean): Named<Operand> => Object.fromEntries([...named].filter(([, operand]) => operand.held === held));
  const variables = Object.entries(of(true)).map(([name, { shape, dtype }]): Variable => ({ name, dtype, shape: shape.map(Number), role: 'trainable' }));
  return {
    program: { variables, functions: { case: fn } },
    held: of(true),
    fed: of(false),
    hasSymbols: operands.some(({ shape }) => shape.some((dim) => symbolsOf(dim).length > 0)),
    fn,
    real,
    loss: real.length > 0 ? makeFn('loss', { loss: outputs.loss }) : null,
  };
}

function draw(operands: Named<Operand>, bindings: Bindings, random: Random): Record<string, Tensor> {
  const entries = Object.entries(operands).map(([name, operand]) => {
    const shape = evaluateShape(operand.shape, bindings);
    const values = Array.from({ length: sizeOf(shape) }, () => operand.draw(random, bindings));
    return [name, tensorOf[operand.dtype](shape, values)] as const;
  });
  return Object.fromEntries(entries);
}

const tensorOf: { readonly [D in HostDType]: (shape: readonly number[], values: readonly number[]) => Tensor } = {
  f32, i32, bool, u8,
  f16: (shape, values) => half('f16', shape, values),
  bf16: (shape, values) => half('bf16', shape, values),
};

/** The reference engine in double precision. */
class Judge {
  readonly #bindings: Bindings;
  readonly #leaves: Named<Value>;

  constructor(bindings: Bindings, leaves: Named<Tensor>) {
    this.#bindings = bindings;
    this.#leaves = Object.fromEntries(Object.entries(leaves).map(([name, tensor]) => [name, { shape: tensor.shape, data: numbersOf(tensor) }]));
  }

  outputs(fn: Fn, changed: Named<Value> = {}, precision: Precision = 'f64'): Record<string, Value> {
    const leaves = new Map(Object.entries({ ...this.#leaves, ...changed }));
    const valueOf = evaluate(fn, { bindings: this.#bindings, inputs: leaves, variables: leaves, precision });
    return Object.fromEntries(Object.entries(fn.outputs).map(([name, node]) => [name, valueOf(node)]));
  }

  /** A leaf moved by `step` times a direction. */
  moved(name: string, direction: readonly number[], step: number): Value {
    const { shape, data } = this.#leaves[name];
    return { shape, data: Float64Array.from(data, (value, i) => value + step * direction[i]) };
  }
}

/** Errors are shares of the largest element; where all are smaller than this, of this. */
const smallest = 1e-2;

function expectClose(actual: Tensor, expected: Value, { what, tolerance }: { what: string; tolerance: number }): void {
  expect(actual.shape, `shape of ${what}`).toEqual(expected.shape);
  const scale = Array.from(expected.data, Math.abs).reduce(worse, smallest);
  const error = Array.from(actual.data, (value, i) => Math.abs(value - expected.data[i]) / scale).reduce(worse, 0);
  expect(error, `error of ${what}`).toBeLessThanOrEqual(actual.dtype === 'f32' ? tolerance : 0);
}

/** (loss(θ + εv) − loss(θ − εv)) / 2ε = Σ gradient·v, up to the share `tolerance` of what is summed. */
function expectSlope(found: Named<Tensor>, judge: Judge, { loss, names, tolerance, random }: { loss: Fn; names: readonly string[]; tolerance: number; random: Random }): void {
  const epsilon = 1e-5;
  const directions = names.map((name) => Array.from(found[name].data, () => random.normal()));
  const lossAt = (step: number): number => judge.outputs(loss, Object.fromEntries(names.map((name, i) => [name, judge.moved(name, directions[i], step)])), 'exact').loss.data[0];
  const slope = (lossAt(epsilon) - lossAt(-epsilon)) / (2 * epsilon);
  const terms = names.flatMap((name, k) => Array.from(found[name].data, (value, i) => value * directions[k][i]));
  const along = terms.reduce((sum, term) => sum + term, 0);
  const scale = Math.max(smallest, terms.reduce((sum, term) => sum + Math.abs(term), 0));
  expect(Math.abs(along - slope) / scale, `gradient along a direction (${along}, and ${slope} by differences)`).toBeLessThanOrEqual(tolerance);
}

/** The larger, where NaN is the largest. */
function worse(a: number, b: number): number {
  return Number.isNaN(b) || b > a ? b : a;
}
