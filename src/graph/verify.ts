import { messageOf } from '../util/errors.js';
import { sizeOf } from '../util/tensor.js';
import { printShape, sameShape, symbolsOf } from './dims.js';
import type { Fn, Node, NodeOf, Program, Variable } from './node.js';
import { namer, printNode } from './print.js';
import { nodesOf } from './program.js';
import { isLeaf, shapeRules, type DerivedKind, type Typed } from './shapes.js';

type Declared = ReadonlyMap<string, Variable>;

/**
 * The written rules of a program; throws with the function and the line that break one:
 * - variables have names of their own, and each that is read or updated is declared with that type and shape;
 * - a function's inputs have names of their own and are all that its nodes use;
 * - a node comes after its inputs and has the type and shape that its rule derives from them;
 * - every symbol is the length of some input, so that a call's feeds give it a value;
 * - an update has the type and shape of its variable.
 */
export function verify(program: Program): void {
  const declared = new Map(program.variables.map((variable) => [variable.name, variable]));
  if (declared.size !== program.variables.length) throw new Error(`two variables of the program are named ${repeated(program.variables.map(({ name }) => name))}`);
  for (const [name, fn] of Object.entries(program.functions)) {
    if (fn.name !== name) throw new Error(`function ${fn.name} is listed as ${name}`);
    verifyFn(fn, declared);
  }
}

function verifyFn(fn: Fn, declared: Declared): void {
  const nodes = nodesOf(fn);
  const name = namer(nodes);
  const names = fn.inputs.map(({ attrs }) => attrs.name);
  if (new Set(names).size !== names.length) throw new Error(`two inputs of ${fn.name} are named ${repeated(names)}`);
  const listed = new Set<Node>(fn.inputs);
  const bound = new Set(fn.inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === 'string')));

  for (const node of nodes) {
    const wrong = wrongWith(node, { declared, listed, bound });
    if (wrong !== null) throw new Error(`${fn.name}: ${printNode(node, name)}: ${wrong}`);
  }
  for (const [variable, { dtype, shape }] of Object.entries(fn.updates)) {
    const wrong = mismatch(declared, variable, { dtype, shape });
    if (wrong !== null) throw new Error(`${fn.name}: update ${variable}: ${wrong}`);
  }
}

interface Scope {
  readonly declared: Declared;
  readonly listed: ReadonlySet<Node>;
  /** Dimensions of the inputs: a symbol among them gets its value from a feed. */
  readonly bound: ReadonlySet<string>;
}

function wrongWith(node: Node, { declared, listed, bound }: Scope): string | null {
  const unbound = node.shape.flatMap(symbolsOf).find((symbol) => !bound.has(symbol));
  if (unbound !== undefined) return `no input has the length ${unbound}`;
  if (!isLeaf(node)) return wrongWithOp(node);
  switch (node.kind) {
    case 'input':
      return listed.has(node) ? null : 'not an input of the function';
    case 'variable':
      return mismatch(declared, node.attrs.name, node);
    case 'constant':
      return node.attrs.values.length === sizeOf(node.shape.map(Number)) ? null : `${node.attrs.values.length} values for ${printShape(node.shape)}`;
  }
}

function wrongWithOp<K extends DerivedKind>(node: NodeOf<K>): string | null {
  if (node.inputs.some((input) => input.id >= node.id)) return 'comes before one of its inputs';
  try {
    const { dtype, shape }: Typed = shapeRules[node.kind](node.inputs, node.attrs);
    return dtype === node.dtype && sameShape(shape, node.shape) ? null : `its rule gives ${dtype} ${printShape(shape)}`;
  } catch (cause) {
    return messageOf(cause);
  }
}

function mismatch(declared: Declared, name: string, { dtype, shape }: Typed): string | null {
  const variable = declared.get(name);
  if (variable === undefined) return `variable ${name} is not declared`;
  if (variable.dtype === dtype && sameShape(variable.shape, shape)) return null;
  return `variable ${name} is declared ${variable.dtype} ${printShape(variable.shape)}, not ${dtype} ${printShape(shape)}`;
}

function repeated(names: readonly string[]): string {
  return names.find((name, i) => names.indexOf(name) !== i) ?? '';
}
