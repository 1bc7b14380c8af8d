/**
 * `pytorch_model.bin`: what `torch.save` writes for a dictionary of tensors, in both forms it has had. Since
 * PyTorch 1.6 a zip archive: `data.pkl` names each tensor's storage, shape and strides, `data/<key>` is a
 * storage. Before, pickles in a row, then the storages one after the other. Nothing of a file is executed
 * (see `pickle.ts`). Source: torch/serialization.py, _save and _legacy_load.
 */
import { fstatSync } from 'node:fs';
import { UserError } from '../util/errors.js';
import { sizeOf, type Tensor } from '../util/tensor.js';
import { elementBytes } from './dtype.js';
import { readElements, readerAt, withFile, type ReadAt } from './file.js';
import { Callable, PickleError, unpickle, type Pickled, type PickleRules } from './pickle.js';
import type { TensorInfo, Weights } from './safetensors.js';
import { ZipError, zipMembers } from './zip.js';

/** A stretch of elements that tensors are views of. */
class Storage {
  constructor(
    readonly key: string,
    readonly dtype: string,
    readonly count: number,
  ) {}
}

/** A view: element i of it is element offset + Σ iₖ·strideₖ of the storage. */
class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  /** One past the last element it touches. */
  get end(): number {
    if (sizeOf(this.shape) === 0) return this.offset;
    return this.offset + this.shape.reduce((last, size, axis) => last + (size - 1) * this.strides[axis], 1);
  }

  get contiguous(): boolean {
    let step = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      if (this.shape[axis] !== 1 && this.strides[axis] !== step) return false;
      step *= this.shape[axis];
    }
    return true;
  }
}

const storageTypes: Readonly<Record<string, string>> = {
  DoubleStorage: 'F64', FloatStorage: 'F32', HalfStorage: 'F16', BFloat16Storage: 'BF16',
  LongStorage: 'I64', IntStorage: 'I32', ShortStorage: 'I16', CharStorage: 'I8', ByteStorage: 'U8', BoolStorage: 'BOOL',
};

/** The magic number of the older form, 0x1950a86a20f9469cfc6c, as its pickle begins. */
const legacyLead = Buffer.from([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);

/** The pickles of an older file are at its beginning; names and shapes of the largest models take a fraction of this. */
const longestPickles = 1 << 26;

/** One file; its pickle is read and checked when it is opened, a tensor's bytes when it is asked for. */
export class TorchFile implements Weights {
  readonly path: string;
  readonly #views: ReadonlyMap<string, View>;
  /** Byte at which each storage begins. */
  readonly #starts: ReadonlyMap<string, number>;

  private constructor(path: string, views: ReadonlyMap<string, View>, starts: ReadonlyMap<string, number>) {
    this.path = path;
    this.#views = views;
    this.#starts = starts;
  }

  /** Throws a UserError where the file cannot be read, is damaged, or would have code executed. */
  static open(path: string): TorchFile {
    return withFile(path, (fd) => {
      const [fileBytes, readAt] = [fstatSync(fd).size, readerAt(fd)];
      try {
        const lead = readAt(0, legacyLead.length);
        if (lead.toString('latin1', 0, 8) === 'version ') throw new UserError(`${path} is a Git LFS pointer, not the weights themselves; run "git lfs pull" in its folder.`);
        const { views, starts } = lead.equals(legacyLead) ? openLegacy(fileBytes, readAt) : openArchive(fileBytes, readAt);
        return new TorchFile(path, views, starts);
      } catch (cause) {
        if (cause instanceof PickleError) throw new UserError(`${path} is not read: ${cause.message}; take the model's safetensors, or a file you trust that torch.save wrote.`, { cause });
        if (cause instanceof ZipError) throw new UserError(`${path} ${cause.message}; fetch it again.`, { cause });
        throw cause;
      }
    });
  }

  get names(): readonly string[] {
    return [...this.#views.keys()];
  }

  info(name: string): TensorInfo {
    const { storage, shape } = this.#view(name);
    return { dtype: storage.dtype, shape, bytes: sizeOf(shape) * elementBytes[storage.dtype] };
  }

  read(name: string): Tensor<'f32'> {
    const view = this.#view(name);
    const { storage, offset, shape } = view;
    const span = new Float32Array(view.contiguous ? sizeOf(shape) : view.end - offset);
    const start = this.#starts.get(storage.key)! + offset * elementBytes[storage.dtype];
    if (span.length > 0) readElements(this.path, { name, dtype: storage.dtype, start }, span);
    return { dtype: 'f32', shape, data: view.contiguous ? span : gather(span, view) };
  }

  #view(name: string): View {
    const view = this.#views.get(name);
    if (view === undefined) throw new Error(`${this.path} has no tensor ${name}`);
    return view;
  }
}

interface Opened {
  readonly views: ReadonlyMap<string, View>;
  readonly starts: ReadonlyMap<string, number>;
}

function openArchive(fileBytes: number, readAt: ReadAt): Opened {
  const members = zipMembers(fileBytes, readAt);
  const pickleName = [...members.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined) throw new ZipError('is no file of torch.save: it has no data.pkl');
  const root = pickleName.slice(0, pickleName.indexOf('/'));
  const order = members.get(`${root}/byteorder`);
  if (order !== undefined && readAt(order.start, order.bytes).toString('latin1') !== 'little') throw new ZipError('is written big-endian, which is not read');
  const pickle = members.get(pickleName)!;
  const views = viewsIn(unpickle(readAt(pickle.start, pickle.bytes), rules()).value);
  const starts = new Map<string, number>();
  for (const [name, { storage }] of views) {
    const member = members.get(`${root}/data/${storage.key}`);
    if (member === undefined || member.bytes < storage.count * elementBytes[storage.dtype]) throw new ZipError(`is damaged: the values of ${name} are not in it`);
    starts.set(storage.key, member.start);
  }
  return { views, starts };
}

/** magic number, protocol, system, the object, keys of its storages; then each storage behind its length. */
function openLegacy(fileBytes: number, readAt: ReadAt): Opened {
  const storages = new Map<string, Storage>();
  const bytes = readAt(0, Math.min(fileBytes, longestPickles));
  let at = 0;
  const next = (): Pickled => {
    const { value, end } = unpickle(bytes, rules(storages), at);
    at = end;
    return value;
  };
  const [, , , object, keys] = [next(), next(), next(), next(), next()];
  const views = viewsIn(object);
  const starts = new Map<string, number>();
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(String(key));
    if (storage === undefined) throw new PickleError('it has a storage that no tensor is of');
    starts.set(storage.key, at + 8);
    at += 8 + storage.count * elementBytes[storage.dtype];
  }
  if (at > fileBytes || [...views.values()].some(({ storage }) => !starts.has(storage.key))) throw new ZipError('is truncated: not all of its tensors are in it');
  return { views, starts };
}

/** The only names a file may use. */
function rules(seen: Map<string, Storage> = new Map()): PickleRules {
  const globals: Readonly<Record<string, (args: readonly Pickled[]) => Pickled>> = {
    'collections.OrderedDict': (args) => {
      if (args.length > 0) throw new PickleError('its pickle makes a dictionary in a way that torch.save does not');
      return new Map<Pickled, Pickled>();
    },
    'torch._utils._rebuild_tensor_v2': ([storage, offset, shape, strides]) => viewOf(storage, offset, shape, strides),
    'torch._utils._rebuild_parameter': ([tensor]) => tensor,
  };
  return {
    global(name) {
      const [, type] = /^torch\.(\w+)$/.exec(name) ?? [];
      if (type !== undefined && Object.hasOwn(storageTypes, type)) {
        return new Callable(storageTypes[type], () => {
          throw new PickleError(`its pickle makes a ${name} itself, which torch.save does not`);
        });
      }
      return Object.hasOwn(globals, name) ? new Callable(name, globals[name]) : null;
    },
    // ('storage', type, key, location, count), and in older files what part of a storage a view is
    persistent(id) {
      const [kind, type, key, , count, part] = Array.isArray(id) ? id : [];
      const known = kind === 'storage' && type instanceof Callable && Object.values(storageTypes).includes(type.name) && typeof key === 'string' && isCount(count);
      if (!known || (part !== undefined && part !== null)) throw new PickleError('its pickle names a storage in a way that torch.save does not');
      const storage = seen.get(key) ?? new Storage(key, type.name, count);
      seen.set(key, storage);
      return storage;
    },
  };
}

function viewOf(storage: Pickled, offset: Pickled, shape: Pickled, strides: Pickled): View {
  if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw new PickleError('its pickle makes a tensor in a way that torch.save does not');
  }
  const view = new View(storage, offset, [...shape], [...strides]);
  if (view.end > storage.count) throw new PickleError(`a tensor reaches to element ${view.end} of a storage of ${storage.count}`);
  return view;
}

/** The tensors of a dictionary by name; of what else stands in it (a step, a version) nothing is used. */
function viewsIn(value: Pickled): Map<string, View> {
  const entries = value instanceof Map ? [...value] : [];
  const views = entries.filter((entry): entry is [string, View] => typeof entry[0] === 'string' && entry[1] instanceof View);
  if (views.length === 0) throw new PickleError('it holds no dictionary of tensors by name');
  return new Map(views);
}

/** A view's elements in row-major order; `span` begins at its offset. */
function gather(span: Float32Array, { shape, strides }: View): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < data.length; i++) {
    data[i] = span[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return data;
}

function isCount(value: Pickled): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: Pickled): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
