import type * as tf from '@tensorflow/tfjs-core';
import type { Fn, Node, Program, Variable } from '../../graph/node.js';
import type { Tensor } from '../../util/tensor.js';
import type { CompileOptions, Executable } from '../contract.js';
import { bindFeeds, checkVariable, functionOf } from '../checks.js';
import { activate, type Backend } from './backend.js';
import { translated } from './errors.js';
import { byteLength, toDevice, toHost } from './host.js';
import { lower } from './lowering.js';
import { schedule, type Step } from './schedule.js';

/**
 * Interprets a program's functions node by node. Every value lives from its op to its last reader; the
 * variables are tensors of the backend, replaced and never written in place.
 */
export class TfjsExecutable implements Executable {
  readonly description: string;
  readonly variableBytes: number;
  readonly #program: Program;
  readonly #backend: Backend;
  readonly #variables = new Map<string, tf.Tensor>();
  readonly #schedules = new Map<string, readonly Step[]>();

  constructor(program: Program, backend: Backend, { device, initial }: CompileOptions) {
    this.description = `tfjs on ${device}: ${backend.description}`;
    this.variableBytes = program.variables.reduce((sum, variable) => sum + byteLength(variable), 0);
    this.#program = program;
    this.#backend = backend;
    activate(backend);
    try {
      for (const variable of program.variables) this.#set(variable, initial(variable));
    } catch (cause) {
      this.#clear();
      throw translated(cause, 'compiling');
    }
  }

  async run(name: string, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const fn = functionOf(this.#program, name);
    const bindings = bindFeeds(fn, feeds);
    activate(this.#backend);
    const values = new Map<Node, tf.Tensor>();
    const call = { bindings, feed: (input: string) => toDevice(feeds[input]), variable: (held: string) => this.#get(held).clone() };
    try {
      for (const { node, dead } of this.#schedule(fn)) {
        const inputs = node.inputs.map((input) => values.get(input)!);
        values.set(node, lower(node, inputs, call));
        for (const value of dead) {
          values.get(value)!.dispose();
          values.delete(value);
        }
      }
      const outputs = Object.entries(fn.outputs).map(([output, node]) => [output, toHost(values.get(node)!, node.dtype)] as const);
      for (const [variable, node] of Object.entries(fn.updates)) this.#replace(variable, values.get(node)!.clone());
      return Object.fromEntries(outputs);
    } catch (cause) {
      throw translated(cause, `running ${name}`);
    } finally {
      for (const value of values.values()) value.dispose();
    }
  }

  placement(): null {
    return null;
  }

  async read(variable: string): Promise<Tensor> {
    activate(this.#backend);
    return toHost(this.#get(variable), this.#declared(variable).dtype);
  }

  async write(variable: string, value: Tensor): Promise<void> {
    activate(this.#backend);
    try {
      this.#set(this.#declared(variable), value);
    } catch (cause) {
      throw translated(cause, `writing ${variable}`);
    }
  }

  async dispose(): Promise<void> {
    activate(this.#backend);
    this.#clear();
  }

  #declared(name: string): Variable {
    const variable = this.#program.variables.find((candidate) => candidate.name === name);
    if (variable === undefined) throw new Error(`the program has no variable ${name}`);
    return variable;
  }

  #get(name: string): tf.Tensor {
    const tensor = this.#variables.get(name);
    if (tensor === undefined) throw new Error(`the program has no variable ${name}`);
    return tensor;
  }

  #set(variable: Variable, value: Tensor): void {
    checkVariable(variable, value);
    this.#replace(variable.name, toDevice(value));
  }

  #replace(name: string, tensor: tf.Tensor): void {
    this.#variables.get(name)?.dispose();
    this.#variables.set(name, tensor);
  }

  #clear(): void {
    for (const tensor of this.#variables.values()) tensor.dispose();
    this.#variables.clear();
  }

  #schedule(fn: Fn): readonly Step[] {
    const known = this.#schedules.get(fn.name);
    if (known !== undefined) return known;
    const steps = schedule(fn);
    this.#schedules.set(fn.name, steps);
    return steps;
  }
}
