/**
 * Python's pickle, as far as saved weights need it, without running anything. A pickle is a small program for a
 * stack machine, two of whose instructions name and call any function of the reader's Python. Here a name is
 * looked up in the caller's list of pure constructors and nowhere else, so that whatever else a file asks for is
 * refused by name. Source: CPython's Lib/pickletools.py; the names are those of torch's own restricted reader
 * (torch/_weights_only_unpickler.py).
 */

/** What a pickle may hold. Its dictionaries are maps: a key can mean nothing to this program. */
export type Pickled = null | boolean | number | bigint | string | Pickled[] | Map<Pickled, Pickled> | Callable | object;

/** A global that a pickle may name; to call it only makes a value. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Pickled[]) => Pickled,
  ) {}
}

export interface PickleRules {
  /** The global of this name, such as `collections.OrderedDict`; null refuses the file. */
  global(name: string): Callable | null;
  /** What a persistent id stands for: the storage of a tensor. */
  persistent(id: Pickled): Pickled;
}

/** Why a pickle is not read, to go behind the name of the file. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
}

export interface Unpickled {
  readonly value: Pickled;
  /** Where the next pickle would begin. */
  readonly end: number;
}

const mark = Symbol('mark');

/** Reads the pickle that begins at `start`; throws a PickleError. */
export function unpickle(bytes: Buffer, rules: PickleRules, start = 0): Unpickled {
  const machine = new Machine(bytes, rules, start);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  at: number;
  readonly #bytes: Buffer;
  readonly #rules: PickleRules;
  readonly #stack: (Pickled | typeof mark)[] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Buffer, rules: PickleRules, start: number) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.at = start;
  }

  run(): Pickled {
    for (;;) {
      const code = this.#take(1)[0];
      if (code === 0x2e) return this.#pop(); // STOP
      const instruction = instructions.get(code);
      if (instruction === undefined) throw new PickleError(`its pickle has an instruction 0x${code.toString(16)}, which no weights need`);
      instruction(this.#access);
    }
  }

  /** What an instruction may do. */
  readonly #access: Access = {
    take: (count) => this.#take(count),
    line: () => {
      const end = this.#bytes.indexOf(0x0a, this.at);
      if (end < 0) throw new PickleError('its pickle is cut off');
      const text = this.#bytes.toString('utf8', this.at, end);
      this.at = end + 1;
      return text;
    },
    push: (value) => void this.#stack.push(value),
    mark: () => void this.#stack.push(mark),
    pop: () => this.#pop(),
    popToMark: () => {
      const from = this.#stack.lastIndexOf(mark);
      if (from < 0) throw new PickleError('its pickle makes no sense: a mark is missing');
      return this.#stack.splice(from).slice(1) as Pickled[];
    },
    memorise: (key) => {
      const value = this.#pop();
      this.#memo.set(key ?? this.#memo.size, value);
      this.#stack.push(value);
    },
    recall: (key) => {
      if (!this.#memo.has(key)) throw new PickleError('its pickle makes no sense: it recalls what it has not kept');
      this.#stack.push(this.#memo.get(key)!);
    },
    global: (name) => {
      const found = this.#rules.global(name);
      if (found === null) throw new PickleError(`its pickle asks for ${name.replace(/[^\w.<>]/g, '?')}, which is no part of any weights and would run code of the file`);
      this.#stack.push(found);
    },
    persistent: (id) => void this.#stack.push(this.#rules.persistent(id)),
  };

  #take(count: number): Buffer {
    if (count < 0 || this.at + count > this.#bytes.length) throw new PickleError('its pickle is cut off');
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  #pop(): Pickled {
    const value = this.#stack.pop();
    if (value === undefined || value === mark) throw new PickleError('its pickle makes no sense: its stack is empty');
    return value;
  }
}

interface Access {
  take(count: number): Buffer;
  /** Text up to the end of the line. */
  line(): string;
  push(value: Pickled): void;
  mark(): void;
  pop(): Pickled;
  popToMark(): Pickled[];
  /** Keeps the top of the stack under a key, or the next one. */
  memorise(key?: number): void;
  recall(key: number): void;
  global(name: string): void;
  persistent(id: Pickled): void;
}

type Instruction = (m: Access) => void;

const instructions: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x80, (m) => void m.take(1)], //                                  PROTO
  [0x95, (m) => void m.take(8)], //                                  FRAME
  [0x28, (m) => m.mark()], //                                        MARK
  [0x30, (m) => void m.pop()], //                                    POP
  [0x4e, (m) => m.push(null)], //                                    NONE
  [0x88, (m) => m.push(true)], //                                    NEWTRUE
  [0x89, (m) => m.push(false)], //                                   NEWFALSE
  [0x4a, (m) => m.push(m.take(4).readInt32LE())], //                 BININT
  [0x4b, (m) => m.push(m.take(1)[0])], //                            BININT1
  [0x4d, (m) => m.push(m.take(2).readUInt16LE())], //                BININT2
  [0x8a, (m) => m.push(longOf(m.take(m.take(1)[0])))], //            LONG1
  [0x47, (m) => m.push(m.take(8).readDoubleBE())], //                BINFLOAT
  [0x58, (m) => m.push(m.take(m.take(4).readUInt32LE()).toString('utf8'))], // BINUNICODE
  [0x8c, (m) => m.push(m.take(m.take(1)[0]).toString('utf8'))], //   SHORT_BINUNICODE
  [0x54, (m) => m.push(m.take(m.take(4).readInt32LE()).toString('latin1'))], // BINSTRING
  [0x55, (m) => m.push(m.take(m.take(1)[0]).toString('latin1'))], // SHORT_BINSTRING
  [0x71, (m) => m.memorise(m.take(1)[0])], //                        BINPUT
  [0x72, (m) => m.memorise(m.take(4).readUInt32LE())], //            LONG_BINPUT
  [0x94, (m) => m.memorise()], //                                    MEMOIZE
  [0x68, (m) => m.recall(m.take(1)[0])], //                          BINGET
  [0x6a, (m) => m.recall(m.take(4).readUInt32LE())], //              LONG_BINGET
  [0x29, (m) => m.push([])], //                                      EMPTY_TUPLE
  [0x85, (m) => m.push([m.pop()])], //                               TUPLE1
  [0x86, (m) => m.push(popped(m, 2))], //                            TUPLE2
  [0x87, (m) => m.push(popped(m, 3))], //                            TUPLE3
  [0x74, (m) => m.push(m.popToMark())], //                           TUPLE
  [0x5d, (m) => m.push([])], //                                      EMPTY_LIST
  [0x61, (m) => append(m, [m.pop()])], //                            APPEND
  [0x65, (m) => append(m, m.popToMark())], //                        APPENDS
  [0x7d, (m) => m.push(new Map<Pickled, Pickled>())], //             EMPTY_DICT
  [0x73, (m) => setItems(m, popped(m, 2))], //                       SETITEM
  [0x75, (m) => setItems(m, m.popToMark())], //                      SETITEMS
  [0x63, (m) => m.global(`${m.line()}.${m.line()}`)], //             GLOBAL
  [0x93, (m) => m.global(popped(m, 2).map(String).join('.'))], //    STACK_GLOBAL
  [0x52, reduce], //                                                 REDUCE
  [0x62, build], //                                                  BUILD
  [0x51, (m) => m.persistent(m.pop())], //                           BINPERSID
]);

/** Calls one of the allowed constructors. */
function reduce(m: Access): void {
  const [callable, args] = popped(m, 2);
  if (!(callable instanceof Callable) || !Array.isArray(args)) throw new PickleError('its pickle calls what is no function');
  m.push(callable.call(args));
}

/** An object's attributes: of an ordered dictionary those beside its entries, which say nothing of weights. */
function build(m: Access): void {
  const [object] = popped(m, 2);
  if (!(object instanceof Map)) throw new PickleError('its pickle sets attributes of what is no dictionary');
  m.push(object);
}

function append(m: Access, items: readonly Pickled[]): void {
  const list = m.pop();
  if (!Array.isArray(list)) throw new PickleError('its pickle appends to what is no list');
  for (const item of items) list.push(item);
  m.push(list);
}

function setItems(m: Access, flat: readonly Pickled[]): void {
  const dictionary = m.pop();
  if (!(dictionary instanceof Map) || flat.length % 2 !== 0) throw new PickleError('its pickle sets entries of what is no dictionary');
  for (let i = 0; i < flat.length; i += 2) dictionary.set(flat[i], flat[i + 1]);
  m.push(dictionary);
}

/** The top `count` values, the deepest first. */
function popped(m: Access, count: number): Pickled[] {
  return Array.from({ length: count }, () => m.pop()).reverse();
}

/** A little-endian number in two's complement; a bigint where a double could not hold it. */
function longOf(bytes: Buffer): number | bigint {
  const unsigned = [...bytes].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const value = BigInt.asIntN(8 * bytes.length, unsigned);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
