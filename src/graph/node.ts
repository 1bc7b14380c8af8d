import type { Half } from '../util/half.js';
import type { HostDType, Tensor } from '../util/tensor.js';
import type { Shape } from './dims.js';

/** Element types a value of the graph may have. */
export type DType = HostDType;

/** f32, or a real type of 16 bits, in which only results are held: an op computes what it would in f32 and rounds it once. */
export function isReal(dtype: DType): dtype is 'f32' | Half {
  return dtype === 'f32' || isHalf(dtype);
}

export function isHalf(dtype: DType): dtype is Half {
  return dtype === 'f16' || dtype === 'bf16';
}

type None = Record<never, never>;

/**
 * Every operation there is, with its attributes. The formulas are in `shapes.ts` (what it gives), `gradient/`
 * (its derivative) and each engine's lowering; all of them are tables over this list, so that a new row here
 * does not compile until every table has it.
 */
export interface Attributes {
  // Leaves
  input: { readonly name: string }; //               fed at each call
  variable: { readonly name: string }; //            held by the engine between calls
  constant: { readonly values: readonly number[] }; // small, part of the program

  // Elementwise, with NumPy broadcasting
  add: None;
  sub: None;
  mul: None;
  div: None;
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  sin: None;
  cos: None;
  tanh: None;
  sigmoid: None;
  erf: None;
  relu: None;
  silu: None; //                                     x·σ(x)
  gelu: { readonly approximate: 'none' | 'tanh' }; //
  equal: None; //                                    i32 → bool
  lessEqual: None; //                                i32 → bool
  and: None; //                                      bool
  where: None; //                                    (bool, a, b) → a where true, b elsewhere
  cast: { readonly to: DType };
  /** (x, gate) → x, which must not be computed on before the gate is there. */
  after: None;
  /** x, which the gradient takes for a constant. */
  detach: None;

  // Shape
  reshape: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: { readonly axis: number; readonly start: number; readonly end: number }; // static bounds, static axis
  pad: { readonly axis: number; readonly before: number; readonly after: number }; // zeros; inverse of slice
  concat: { readonly axis: number };
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };

  // Products
  /** (x [..., I], w, b? [O]) → [..., O]; w is [I, O], or [O, I] with `transposeW` (a Hugging Face Linear). Of 16 bits x and w are, b may be f32. */
  linear: { readonly transposeW: boolean };
  /**
   * `linear` with W [O, I] in codes: W[k] = scale·(code − zero) with the scale and zero of the block that element k
   * (row-major) lies in. (x, codes u8 [blocks, block], scale [blocks], zero u8 [blocks], b? [O]); with 4 bits codes are
   * [blocks/2, block], the low halves those of the first half of the blocks. `transposeW` as in `linear`: x·Wᵀ, else x·W.
   */
  linearQuantized: { readonly bits: 4 | 8; readonly outputSize: number; readonly transposeW: boolean };
  /** (a [..., M, K], b [..., K, N]) → [..., M, N]; the leading dimensions are equal. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };

  // Of the field
  softmax: None; //                                  over the last axis
  layerNorm: { readonly epsilon: number }; //        (x [..., C], gamma [C], beta [C])
  rmsNorm: { readonly epsilon: number }; //          (x [..., C], gamma [C])
  /** (x [B, H, T, D], cos [B, 1, T, D/2], sin [B, 1, T, D/2]), angles f32 whatever x is; `interleaved` pairs (0,1)(2,3)…, else (0,D/2)… */
  rotary: { readonly interleaved: boolean };
  gatherRows: None; //                               (table [R, ...], i32 rows [...]) → [...rows, ...]
  scatterRows: { readonly rows: number | string }; // (i32 rows [N], x [N, ...]) → [rows, ...], equal rows added
  /**
   * (x [N, C], w [V, C], i32 labels [N], b? [V]) → f32 [N]: −log softmax(z)[label], the head and the loss in one;
   * z = x·wᵀ + b, or c·tanh((x·wᵀ + b)/c) with a `softcap` c. Of x and w in 16 bits, x·wᵀ + b is too, and nothing else.
   * With a `smoothing` ε it is (1 − ε) of that and ε of its mean over all labels.
   */
  linearCrossEntropy: { readonly softcap?: number; readonly smoothing?: number };
  argMax: None; //                                   over the last axis → i32

  // Blocks of numbers in 8 bits (codes.ts)
  absMax: None; //                                   (x [..., C]) → [..., 1], the largest magnitude of a row
  dynamicCode: { readonly signed: boolean }; //      (x [..., C], scale [..., 1]) → u8, of the entry nearest to x/scale
  dynamicValue: { readonly signed: boolean }; //     (u8 [..., C], scale [..., 1]) → entry·scale
}

export type OpKind = keyof Attributes;

/** One value of a graph: frozen plain data. `id` orders nodes by creation: inputs before users. */
export interface NodeOf<K extends OpKind> {
  readonly id: number;
  readonly kind: K;
  readonly attrs: Attributes[K];
  readonly inputs: readonly Node[];
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Node = { [K in OpKind]: NodeOf<K> }[OpKind];

/** What a variable is for; the gradient pass, the cost model and the checkpoints go by it. */
export type Role = 'frozen' | 'trainable' | 'gradient' | 'moment';

/** Named memory that an engine holds between calls. Shapes are numbers: nothing in it depends on a batch. */
export interface Variable {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly role: Role;
}

/**
 * One callable of a program: inputs are fed, outputs come back, and each update replaces a variable when
 * all of them have been computed.
 */
export interface Fn {
  readonly name: string;
  readonly inputs: readonly NodeOf<'input'>[];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly updates: Readonly<Record<string, Node>>;
}

/** All that an engine compiles: the variables and the functions that share them. */
export interface Program {
  readonly variables: readonly Variable[];
  readonly functions: Readonly<Record<string, Fn>>;
}

/** First values of variables by name, asked for one at a time so that no second copy of a model is held. */
export type InitialValue = (variable: Variable) => Tensor;
