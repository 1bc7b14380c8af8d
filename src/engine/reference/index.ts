/** Plain loops, obviously right, for tiny sizes: the judge of the other engines. */
import type { DType, Program, Variable } from '../../graph/node.js';
import { verify } from '../../graph/verify.js';
import { bool, bytesOf, f32, half, i32, numbersOf, sizeOf, u8, type Tensor } from '../../util/tensor.js';
import { bindFeeds, checkVariable, functionOf } from '../checks.js';
import type { Availability, CompileOptions, Device, Engine, Executable, HalfSupport } from '../contract.js';
import { evaluate } from './evaluate.js';
import type { Value } from './value.js';

export const referenceEngine: Engine = {
  name: 'reference',
  probe: async (device) => availability(device),
  unsupported: () => [],
  halves: async () => ({ f16: rounding, bf16: rounding }),
  compile: async (program, options) => new ReferenceExecutable(program, options),
};

const rounding: HalfSupport = { kind: 'holds', detail: 'every result is rounded' };

function availability(device: Device): Availability {
  return device === 'cpu'
    ? { device, available: true, detail: 'plain loops, for tests', remedy: null }
    : { device, available: false, detail: 'the reference engine knows only the CPU', remedy: null };
}

class ReferenceExecutable implements Executable {
  readonly description = 'reference on cpu, 1 thread';
  readonly variableBytes: number;
  readonly #program: Program;
  readonly #declared: ReadonlyMap<string, Variable>;
  readonly #values = new Map<string, Value>();

  constructor(program: Program, { device, initial }: CompileOptions) {
    if (device !== 'cpu') throw new Error(`the reference engine knows only the CPU, ${device} asked for`);
    verify(program);
    this.#program = program;
    this.#declared = new Map(program.variables.map((variable) => [variable.name, variable]));
    for (const variable of program.variables) this.#set(variable, initial(variable));
    this.variableBytes = program.variables.reduce((bytes, { shape, dtype }) => bytes + sizeOf(shape) * bytesOf[dtype], 0);
  }

  async run(name: string, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const fn = functionOf(this.#program, name);
    const environment = { bindings: bindFeeds(fn, feeds), inputs: new Map(Object.entries(feeds).map(([input, feed]) => [input, toValue(feed)])), variables: this.#values, precision: 'f32' } as const;
    const valueOf = evaluate(fn, environment);
    const outputs = Object.entries(fn.outputs).map(([output, node]) => [output, toTensor(node.dtype, valueOf(node))]);
    const updates = Object.entries(fn.updates).map(([variable, node]) => [variable, toValue(toTensor(node.dtype, valueOf(node)))] as const);
    for (const [variable, value] of updates) this.#values.set(variable, value);
    return Object.fromEntries(outputs);
  }

  placement(): null {
    return null;
  }

  async read(name: string): Promise<Tensor> {
    const { dtype } = this.#variable(name);
    return toTensor(dtype, this.#values.get(name)!);
  }

  async write(name: string, value: Tensor): Promise<void> {
    this.#set(this.#variable(name), value);
  }

  async dispose(): Promise<void> {
    this.#values.clear();
  }

  #variable(name: string): Variable {
    const variable = this.#declared.get(name);
    if (variable === undefined) throw new Error(`no variable ${name}`);
    return variable;
  }

  #set(variable: Variable, value: Tensor): void {
    checkVariable(variable, value);
    this.#values.set(variable.name, toValue(toTensor(variable.dtype, toValue(value))));
  }
}

function toValue(tensor: Tensor): Value {
  return { shape: tensor.shape, data: numbersOf(tensor) };
}

/** A copy that belongs to nobody else. */
function toTensor(dtype: DType, { shape, data }: Value): Tensor {
  switch (dtype) {
    case 'f32':
      return f32(shape, data);
    case 'i32':
      return i32(shape, data);
    case 'bool':
      return bool(shape, data);
    case 'u8':
      return u8(shape, data);
    case 'f16':
    case 'bf16':
      return half(dtype, shape, data);
  }
}
