import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, env, type Tensor as OrtTensor } from 'onnxruntime-node';
import type { Fn, InitialValue, Program, Variable } from '../../graph/node.js';
import type { Tensor } from '../../util/tensor.js';
import type { CompileOptions, Executable, Placement } from '../contract.js';
import { bindFeeds, checkVariable, functionOf } from '../checks.js';
import { allocating, translated } from './errors.js';
import { feedName, variableName } from './lowering.js';
import { copied, discard, emptyTensor, fromOrt, toOrt, VariableMemory } from './memory.js';
import { lowerFn, outputName, updateName } from './model.js';
import { encodeModel } from './proto.js';
import { planOf, type Plan } from './parts.js';
import { placementOf, recorded } from './placement.js';
import { sessionOptions, threadCount } from './session.js';
import type { Slab } from './slabs.js';
import { WeightFile } from './weights.js';

/** A function that has been compiled: made when it is first run, so that one that never runs costs nothing. */
interface Compiled {
  readonly session: InferenceSession;
  readonly held: readonly string[];
}

/** What a run does to variables when it has succeeded. */
interface Updates {
  readonly replacing: ReadonlyMap<string, Tensor>;
  readonly added: Map<string, Tensor>;
}

export class OnnxExecutable implements Executable {
  readonly description: string;
  readonly #program: Program;
  readonly #options: CompileOptions;
  /** Null where sessions compute in the memory of the variables itself. */
  readonly #weights: WeightFile | null;
  readonly #memory: VariableMemory;
  readonly #plans = new Map<string, Plan>();
  readonly #compiled = new Map<string, Compiled>();
  readonly #placements = new Map<string, Placement>();

  private constructor(program: Program, options: CompileOptions, { weights, memory }: { weights: WeightFile | null; memory: VariableMemory }) {
    this.#program = program;
    this.#options = options;
    this.#weights = weights;
    this.#memory = memory;
    const threads = threadCount(options.threads);
    this.description = `onnx ${env.versions.node ?? env.versions.common} on ${options.device}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  }

  /**
   * On the CPU all variables are in memory that every session reads in place: a weight is there once, however many functions
   * use it. Another device takes those that nothing changes from a file, and keeps them in its own memory.
   */
  static async create(program: Program, options: CompileOptions): Promise<OnnxExecutable> {
    const updated = new Set(Object.values(program.functions).flatMap((fn) => Object.keys(fn.updates)));
    const [changing, fixed]: [Variable[], Variable[]] = [[], []];
    for (const variable of program.variables) (variable.role !== 'frozen' || updated.has(variable.name) ? changing : fixed).push(variable);
    const initial: InitialValue = (variable) => {
      const value = allocating(() => options.initial(variable));
      checkVariable(variable, value);
      return value;
    };
    const inPlace = options.device === 'cpu';
    const memory = new VariableMemory({ changing, fixed: inPlace ? fixed : [] }, initial);
    const weights = inPlace ? null : await WeightFile.create(options.scratch, fixed, initial);
    return new OnnxExecutable(program, options, { weights, memory });
  }

  get variableBytes(): number {
    return this.#memory.bytes + (this.#weights?.bytes ?? 0);
  }

  async run(name: string, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const fn = functionOf(this.#program, name);
    bindFeeds(fn, feeds);
    const { parts, fills, inTurn, sums, slabs } = this.#planOf(fn);
    for (const part of [...parts, ...slabs.map((slab) => slab.fn)]) await this.#compile(part);
    const outputs: Record<string, Tensor> = {};
    for (const slab of slabs) await this.#runSlab(slab, feeds);
    for (const together of inTurn ? parts.map((part) => [part]) : [parts]) Object.assign(outputs, await this.#runTogether(together, feeds, sums));
    this.#memory.fill(fills);
    return outputs;
  }

  /** The updates of these parts take effect when all of them have been computed. */
  async #runTogether(parts: readonly Fn[], feeds: Readonly<Record<string, Tensor>>, sums: ReadonlySet<string>): Promise<Record<string, Tensor>> {
    const updates: Updates = { replacing: this.#memory.lend(parts.flatMap((part) => Object.keys(part.updates).filter((name) => !sums.has(name)))), added: new Map() };
    const outputs: Record<string, Tensor> = {};
    try {
      for (const part of parts) Object.assign(outputs, await this.#runPart(part, feeds, updates));
    } catch (error) {
      this.#memory.release(updates.replacing);
      throw error;
    }
    this.#memory.commit(updates.replacing);
    for (const [name, value] of updates.added) this.#memory.add(name, value);
    return outputs;
  }

  /** The first slab is as large as any: when memory does not suffice, it is the first that fails, and nothing has changed. */
  async #runSlab({ fn, reads, writes }: Slab, feeds: Readonly<Record<string, Tensor>>): Promise<void> {
    const { session } = await this.#compile(fn);
    const inputs: Record<string, OrtTensor> = {};
    for (const { attrs: { name } } of fn.inputs) inputs[feedName(name)] = toOrt(reads[Number(name)] === undefined ? feeds[name] : this.#memory.stretch(reads[Number(name)]));
    const results = await session.run(inputs, Object.fromEntries(writes.map((_, place) => [outputName(String(place)), null]))).catch((cause: unknown) => {
      throw translated(cause, `running ${fn.name}`);
    });
    await this.#record(fn, session);
    for (const [place, write] of writes.entries()) {
      const result = results[outputName(String(place))];
      this.#memory.setStretch(write, fromOrt(result));
      discard(result);
    }
  }

  async #runPart(fn: Fn, feeds: Readonly<Record<string, Tensor>>, { replacing, added }: Updates): Promise<Record<string, Tensor>> {
    const { session, held } = await this.#compile(fn);
    const inputs: Record<string, OrtTensor> = {};
    for (const { attrs } of fn.inputs) inputs[feedName(attrs.name)] = toOrt(feeds[attrs.name]);
    for (const variable of held) inputs[variableName(variable)] = toOrt(this.#memory.get(variable)!);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const output of Object.keys(fn.outputs)) fetches[outputName(output)] = null;
    for (const variable of Object.keys(fn.updates)) fetches[updateName(variable)] = replacing.has(variable) ? toOrt(replacing.get(variable)!) : null;

    const results = await session.run(inputs, fetches).catch((cause: unknown) => {
      throw translated(cause, `running ${fn.name}`);
    });
    await this.#record(fn, session);
    for (const variable of Object.keys(fn.updates)) {
      if (replacing.has(variable)) discard(results[updateName(variable)]);
      else added.set(variable, fromOrt(results[updateName(variable)]));
    }
    return Object.fromEntries(Object.keys(fn.outputs).map((output) => [output, fromOrt(results[outputName(output)])]));
  }

  /** Where its first run has put the ops, on a device that may leave some to the CPU. */
  async #record(fn: Fn, session: InferenceSession): Promise<void> {
    if (this.#isRecorded && !this.#placements.has(fn.name)) this.#placements.set(fn.name, await placementOf(session, this.#profilePath(fn.name)));
  }

  #planOf(fn: Fn): Plan {
    const known = this.#plans.get(fn.name);
    if (known !== undefined) return known;
    const plan = planOf(fn);
    this.#plans.set(fn.name, plan);
    return plan;
  }

  placement(fn: string): Placement | null {
    return this.#placements.get(functionOf(this.#program, fn).name) ?? null;
  }

  async read(variable: string): Promise<Tensor> {
    if (!this.#weights?.has(variable)) return copied(this.#memory.get(this.#variable(variable).name)!);
    const empty = emptyTensor(this.#variable(variable));
    await this.#weights.read(variable, empty);
    return empty;
  }

  async write(variable: string, value: Tensor): Promise<void> {
    checkVariable(this.#variable(variable), value);
    if (!this.#weights?.has(variable)) {
      this.#memory.set(variable, value);
    } else {
      await this.#release(); // the sessions have copies of it
      await this.#weights.write(variable, value);
    }
  }

  async dispose(): Promise<void> {
    const models = [...this.#compiled.keys()].map((name) => this.#modelPath(name));
    await this.#release();
    for (const path of models) await rm(path, { force: true });
    await this.#weights?.remove();
    this.#memory.clear();
  }

  get #isRecorded(): boolean {
    return this.#options.device !== 'cpu';
  }

  #profilePath(fn: string): string {
    return join(this.#options.scratch, `${fn}.profile`);
  }

  #modelPath(fn: string): string {
    return join(this.#options.scratch, `${fn}.onnx`);
  }

  #variable(name: string): Variable {
    const variable = this.#program.variables.find((candidate) => candidate.name === name);
    if (variable === undefined) throw new Error(`the program has no variable ${name}`);
    return variable;
  }

  async #compile(fn: Fn): Promise<Compiled> {
    const known = this.#compiled.get(fn.name);
    if (known !== undefined) return known;
    const { model, held } = lowerFn(fn, this.#options.device, (variable) => this.#weights?.initializer(variable) ?? null);
    const path = this.#modelPath(fn.name);
    await writeFile(path, encodeModel(model));
    const recording = this.#isRecorded && !this.#placements.has(fn.name) ? recorded(this.#profilePath(fn.name)) : {};
    const options = { ...sessionOptions(fn, model, this.#options), ...recording };
    try {
      const compiled = { held, session: await InferenceSession.create(path, options) };
      this.#compiled.set(fn.name, compiled);
      return compiled;
    } catch (cause) {
      throw translated(cause, `compiling ${fn.name}`);
    }
  }

  async #release(): Promise<void> {
    const sessions = [...this.#compiled.values()].map(({ session }) => session);
    this.#compiled.clear();
    for (const session of sessions) await session.release();
  }
}
