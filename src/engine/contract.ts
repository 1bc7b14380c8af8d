/**
 * What the trainer may ask of an engine. An engine holds a program's variables in whatever memory is best
 * for it and runs the program's functions; it knows nothing of models, LoRA or training.
 *
 * An engine must not: read a clock or a random source in `run` (same feeds and variables, same bits on the
 * same machine), keep what it was fed, print, or end the process.
 */
import type { DType, InitialValue, OpKind, Program } from '../graph/node.js';
import type { Half } from '../util/half.js';
import type { Tensor } from '../util/tensor.js';

export type EngineName = 'onnx' | 'tfjs' | 'reference';
export const devices = ['cpu', 'webgpu', 'cuda'] as const;
export type Device = (typeof devices)[number];

export interface Availability {
  readonly device: Device;
  readonly available: boolean;
  /** What is there ("ONNX Runtime 1.30.0, CPU"), or why it is not. */
  readonly detail: string;
  /** What the user can do to have it; null where it is there or nothing can be done. */
  readonly remedy: string | null;
}

/** How a device has real numbers of 16 bits. */
export interface HalfSupport {
  /** `computes`: multiplies matrices of them. `holds`: keeps numbers in them and computes in f32, which saves memory and no time. */
  readonly kind: 'computes' | 'holds' | 'lacks';
  /** How it comes, as part of a sentence: "WebGPU has no bfloat16". */
  readonly detail: string;
}

export interface CompileOptions {
  readonly device: Device;
  readonly threads: number | 'auto';
  /** Nobody writes to what it gives afterwards: an engine may compute with it where it is. */
  readonly initial: InitialValue;
  /** A folder of this executable's own, for files that must exist while it lives (compiled functions). */
  readonly scratch: string;
}

export interface Engine {
  readonly name: EngineName;
  /** Whether a device works here, which may take a second. Does not throw and changes nothing. */
  probe(device: Device): Promise<Availability>;
  /** The ops and types that cannot be run on a device, so that a caller knows before it compiles. */
  unsupported(device: Device): readonly (OpKind | DType)[];
  /** What of mixed precision a device has, which may take a second. Does not throw. */
  halves(device: Device): Promise<Readonly<Record<Half, HalfSupport>>>;
  compile(program: Program, options: CompileOptions): Promise<Executable>;
}

/** How many ops of a function were computed, and which of them the device left to the CPU, by the engine's names for them. */
export interface Placement {
  readonly total: number;
  readonly left: Readonly<Record<string, number>>;
}

export interface Executable {
  /** In words, for logs and the screen: "onnx 1.30.0 on cpu, 2 threads". */
  readonly description: string;
  /**
   * Runs one function. Updates take effect together, after all outputs are computed; when it throws,
   * every variable is as it was, or the error is TornUpdate. What updates variables apart from each other may do it one
   * after the other, and in pieces, once it has all the memory that the variables need: only its working memory, a
   * piece at a time, can still be missing then. Concurrent calls are a bug of the caller.
   */
  run(fn: string, feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** A copy of a variable's value. */
  read(variable: string): Promise<Tensor>;
  write(variable: string, value: Tensor): Promise<void>;
  /** Of a function that has run; null on the CPU, and where a device computes everything or nothing. */
  placement(fn: string): Placement | null;
  /** Bytes of the variables it holds. */
  readonly variableBytes: number;
  dispose(): Promise<void>;
}

/** An allocation failed; variables have the values that they had before the call, and the executable can be used on. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

/**
 * A call failed, for the reason in `cause`, when some of its updates had taken effect and others had not. The executable can
 * only be disposed of: it refuses to run and to read, so that nothing can be made of such weights.
 */
export class TornUpdate extends Error {
  override readonly name = 'TornUpdate';
}

/** The device is gone (driver reset, adapter lost); the executable can only be disposed of. */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost';
}
