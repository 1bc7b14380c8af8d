import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, env, type Tensor as OrtTensor } from 'onnxruntime-node';
import type { Fn, InitialValue, Program, Variable } from '../../graph/node.js';
import { messageOf } from '../../util/errors.js';
import type { Tensor } from '../../util/tensor.js';
import { TornUpdate, type CompileOptions, type Executable, type Placement } from '../contract.js';
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

/** New values of variables, computed and not yet in effect. */
interface Updates {
  readonly replacing: ReadonlyMap<string, Tensor>;
  readonly added: Map<string, Tensor>;
}

/** Parts that take effect together, one group after the other. */
type Turns = readonly (readonly Fn[])[];

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
  /** Why the variables are no longer those of any one moment. */
  #torn: TornUpdate | null = null;

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
    this.#checkWhole();
    const fn = functionOf(this.#program, name);
    bindFeeds(fn, feeds);
    const plan = this.#planOf(fn);
    const { parts, fills, inTurn, sums, slabs } = plan;
    for (const part of [...parts, ...slabs.map((slab) => slab.fn)]) await this.#compile(part);
    const turns: Turns = inTurn ? parts.map((part) => [part]) : [parts];
    await this.#reserve(plan, turns);
    const outputs: Record<string, Tensor> = {};
    let hasWritten = false;
    try {
      for (const slab of slabs) {
        const results = await this.#computeSlab(slab, feeds);
        hasWritten = true;
        for (const [place, write] of slab.writes.entries()) this.#memory.setStretch(write, results[place]);
        results.forEach(discard);
      }
      for (const together of turns) {
        const updates = this.#updatesOf(together, sums);
        Object.assign(outputs, await this.#computeTogether(together, feeds, updates));
        hasWritten = true;
        this.#memory.commit(updates.replacing);
        for (const [variable, value] of updates.added) this.#memory.add(variable, value);
      }
      this.#memory.fill(fills);
    } catch (cause) {
      if (!hasWritten) throw cause;
      this.#torn = new TornUpdate(`running ${name} failed half-way, and the weights in memory are no longer whole: ${messageOf(cause)}`, { cause });
      throw this.#torn;
    }
    return outputs;
  }

  /** Takes the memory that variables lack for a run, so that none of it can be missing once the first has changed. */
  async #reserve({ parts, slabs, sums, fills }: Plan, turns: Turns): Promise<void> {
    const named = new Set(slabs.flatMap(({ reads, writes }) => [...reads, ...writes].map(({ variable }) => variable)));
    for (const part of parts) for (const variable of (await this.#compile(part)).held) named.add(variable);
    for (const [variable, value] of fills) if (value !== 0) named.add(variable);
    for (const variable of named) this.#memory.get(variable);
    for (const together of turns) this.#memory.release(this.#updatesOf(together, sums).replacing); // its tensors are there then
  }

  #updatesOf(parts: readonly Fn[], sums: ReadonlySet<string>): Updates {
    return { replacing: this.#memory.lend(parts.flatMap((part) => Object.keys(part.updates).filter((name) => !sums.has(name)))), added: new Map() };
  }

  /** Gives the parts' outputs, and fills in `updates`. */
  async #computeTogether(parts: readonly Fn[], feeds: Readonly<Record<string, Tensor>>, updates: Updates): Promise<Record<string, Tensor>> {
    const outputs: Record<string, Tensor> = {};
    try {
      for (const part of parts) Object.assign(outputs, await this.#runPart(part, feeds, updates));
    } catch (error) {
      this.#memory.release(updates.replacing);
      throw error;
    }
    return outputs;
  }

  /** What it writes, in the order of its `writes`. */
  async #computeSlab({ fn, reads, writes }: Slab, feeds: Readonly<Record<string, Tensor>>): Promise<Tensor[]> {
    const { session } = await this.#compile(fn);
    const inputs: Record<string, OrtTensor> = {};
    for (const { attrs: { name } } of fn.inputs) inputs[feedName(name)] = toOrt(reads[Number(name)] === undefined ? feeds[name] : this.#memory.stretch(reads[Number(name)]));
    const results = await session.run(inputs, Object.fromEntries(writes.map((_, place) => [outputName(String(place)), null]))).catch((cause: unknown) => {
      throw translated(cause, `running ${fn.name}`);
    });
    await this.#record(fn, session);
    return writes.map((_, place) => fromOrt(results[outputName(String(place))]));
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
    this.#checkWhole();
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

  #checkWhole(): void {
    if (this.#torn !== null) throw new TornUpdate(this.#torn.message, { cause: this.#torn.cause });
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
