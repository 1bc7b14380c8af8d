import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/util/errors.js';
import { Random } from '../../src/util/random.js';
import { f32, sizeOf } from '../../src/util/tensor.js';
import { openWeights } from '../../src/weights/folder.js';
import { SafetensorsFile, writeSafetensors } from '../../src/weights/safetensors.js';

const folder = () => mkdtempSync(join(tmpdir(), 'workbench-test-'));

/** A file of this header (an object, or text as it is) and these data bytes. */
function fileOf(header: object | string, data: Uint8Array = new Uint8Array(0), length?: number): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length ?? json.length));
  const path = join(folder(), 'model.safetensors');
  writeFileSync(path, Buffer.concat([prefix, json, data]));
  return path;
}

const open = (path: string) => () => SafetensorsFile.open(path);

describe('reading', () => {
  it('widens F16 and BF16 exactly, subnormals, infinities and NaN included', () => {
    const half = new Uint16Array([0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000]);
    const brain = new Uint16Array([0x3f80, 0xc049, 0x0001, 0x7f80, 0x7fc0]);
    const path = fileOf(
      { h: { dtype: 'F16', shape: [10], data_offsets: [0, 20] }, b: { dtype: 'BF16', shape: [5], data_offsets: [20, 30] } },
      Buffer.concat([Buffer.from(half.buffer), Buffer.from(brain.buffer)]),
    );
    const file = SafetensorsFile.open(path);
    expect([...file.read('h').data]).toEqual([1, -2, 0.333251953125, 2 ** -24, -1023 * 2 ** -24, 65504, Infinity, -Infinity, NaN, -0]);
    expect([...file.read('b').data]).toEqual([1, -3.140625, 2 ** -133, Infinity, NaN]);
    expect(file.info('h')).toMatchObject({ dtype: 'F16', shape: [10], bytes: 20 });
  });

  it('reads scalars and empty tensors', () => {
    const path = fileOf({ s: { dtype: 'F32', shape: [], data_offsets: [0, 4] }, e: { dtype: 'F32', shape: [0, 3], data_offsets: [4, 4] } }, Buffer.from(new Float32Array([7]).buffer));
    const file = SafetensorsFile.open(path);
    expect(file.read('s')).toEqual(f32([], [7]));
    expect(file.read('e').shape).toEqual([0, 3]);
  });

  it('refuses a type it cannot widen, by name', () => {
    const path = fileOf({ ids: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
    expect(() => SafetensorsFile.open(path).read('ids')).toThrow(/ids in .* is stored as I64; F32, F16 and BF16 can be read/);
  });
});

describe('damage is a sentence', () => {
  const entry = (start: number, end: number, shape: unknown = [(end - start) / 4]) => ({ dtype: 'F32', shape, data_offsets: [start, end] });
  const cases: [string, string, RegExp][] = [
    ['no file', join(folder(), 'nothing.safetensors'), /cannot be read .*ENOENT/],
    ['shorter than a length', (() => { const path = join(folder(), 'm'); writeFileSync(path, 'abc'); return path; })(), /truncated: it has 3 bytes/],
    ['an absurd header length', fileOf('{}', undefined, 1e15), /damaged: its header would be 1000000000000000 bytes long/],
    ['a header longer than the file', fileOf('{}', undefined, 5000), /truncated: its header alone needs 5008 bytes and it has 10/],
    ['data cut off', fileOf({ a: entry(0, 16) }, new Uint8Array(9)), /truncated: its tensors need \d+ bytes and it has \d+/],
    ['data left over', fileOf({ a: entry(0, 4) }, new Uint8Array(9)), /5 bytes at its end belong to no tensor/],
    ['overlap', fileOf({ a: entry(0, 8), b: entry(4, 12) }, new Uint8Array(12)), /the bytes of b overlap others/],
    ['a gap', fileOf({ a: entry(0, 4), b: entry(8, 12) }, new Uint8Array(12)), /the bytes of b leave a gap/],
    ['offsets that are not the shape', fileOf({ a: entry(0, 8, [3]) }, new Uint8Array(8)), /its entry for a makes no sense/],
    ['offsets backwards', fileOf({ a: entry(8, 0, []) }, new Uint8Array(8)), /its entry for a makes no sense/],
    ['a negative dimension', fileOf({ a: entry(0, 8, [-2]) }, new Uint8Array(8)), /its entry for a makes no sense/],
    ['an unknown type', fileOf({ a: { dtype: 'F33', shape: [1], data_offsets: [0, 4] } }, new Uint8Array(4)), /its entry for a makes no sense/],
    ['a name twice', fileOf(`{"a":${JSON.stringify(entry(0, 4))},"a":${JSON.stringify(entry(0, 4))}}`, new Uint8Array(4)), /it names "a" twice/],
    ['no JSON', fileOf('{"a":'), /its header is not JSON/],
    ['a list', fileOf('[]'), /its header is not JSON/],
    ['a Git LFS pointer', (() => { const path = join(folder(), 'm'); writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\n'); return path; })(), /is a Git LFS pointer/],
  ];
  it.each(cases)('%s', (_what, path, sentence) => {
    expect(open(path)).toThrow(UserError);
    expect(open(path)).toThrow(sentence);
  });

  it('any byte of the header changed, or any length cut: a sentence or the same tensors, never anything else', () => {
    const whole = readFileSync(fileOf({ a: entry(0, 16), b: entry(16, 24, [1, 2]) }, new Uint8Array(24)));
    const random = new Random('safetensors', 'damage');
    const path = join(folder(), 'm');
    for (let trial = 0; trial < 400; trial++) {
      const bytes = Buffer.from(whole);
      bytes[random.below(whole.length - 24)] = random.below(256);
      writeFileSync(path, trial % 4 === 0 ? bytes.subarray(0, random.below(whole.length)) : bytes);
      try {
        const file = SafetensorsFile.open(path);
        for (const name of file.names) expect(file.read(name).data.length).toBe(sizeOf(file.info(name).shape));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }
  });

  it('a file that shrinks after it was opened', () => {
    const path = fileOf({ a: entry(0, 16) }, new Uint8Array(16));
    const file = SafetensorsFile.open(path);
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    expect(() => file.read('a')).toThrow(/has become shorter/);
  });
});

describe('writing', () => {
  const tensors = [{ name: 'b', shape: [2, 3] }, { name: 'a', shape: [] }];
  const values = { b: f32([2, 3], [1, 2, 3, 4, 5, -0.1]), a: f32([], [9]) } as const;
  const read = (name: string) => values[name as 'a' | 'b'];

  it('reads back what it wrote, data at a multiple of 8, with metadata', async () => {
    const path = join(folder(), 'model.safetensors');
    await writeSafetensors(path, tensors, async (name) => read(name), { metadata: { format: 'pt', step: '3' } });
    const file = SafetensorsFile.open(path);
    expect(file.names).toEqual(['b', 'a']);
    expect([file.read('a'), file.read('b')]).toEqual([values.a, values.b]);
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toMatchObject({ __metadata__: { format: 'pt', step: '3' } });
  });

  it('leaves the old file, and nothing else, when a tensor cannot be had', async () => {
    const path = join(folder(), 'model.safetensors');
    await writeSafetensors(path, tensors, read);
    const before = readFileSync(path);
    const broken = (name: string) => (name === 'a' ? Promise.reject(new Error('engine gone')) : read(name));
    await expect(writeSafetensors(path, tensors, broken)).rejects.toThrow('engine gone');
    await expect(writeSafetensors(path, [{ name: 'a', shape: [4] }], read)).rejects.toThrow('a is [] where [4] was announced');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(join(path, '..'))).toEqual(['model.safetensors']);
  });
});

describe('folders', () => {
  const shardFolder = async (map: Record<string, string>) => {
    const path = folder();
    await writeSafetensors(join(path, 'one.safetensors'), [{ name: 'a', shape: [2] }], () => f32([2], [1, 2]));
    await writeSafetensors(join(path, 'two.safetensors'), [{ name: 'b', shape: [1] }], () => f32([1], [3]));
    writeFileSync(join(path, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    return path;
  };

  it('reads shards by their index', async () => {
    const weights = openWeights(await shardFolder({ a: 'one.safetensors', b: 'two.safetensors' }));
    expect(weights.names).toEqual(['a', 'b']);
    expect([...weights.read('b').data]).toEqual([3]);
  });

  it('says which shard is missing, which tensor is not in its shard, and keeps to the folder', async () => {
    const missing = await shardFolder({ a: 'three.safetensors' });
    expect(() => openWeights(missing)).toThrow(/three\.safetensors cannot be read/);
    const wrong = await shardFolder({ b: 'one.safetensors' });
    expect(() => openWeights(wrong)).toThrow(/b is in one\.safetensors, but it is not/);
    const outside = await shardFolder({ a: '../one.safetensors' });
    expect(() => openWeights(outside)).toThrow(/is damaged: its weight_map/);
  });

  it('says what else there is instead of safetensors', () => {
    const path = folder();
    expect(() => openWeights(path)).toThrow(/has no weights/);
    writeFileSync(join(path, 'pytorch_model.bin'), '');
    expect(() => openWeights(path)).toThrow(/pytorch_model\.bin is truncated/);
    writeFileSync(join(path, 'model.safetensors.index.json'), '{"weight_map": null}');
    expect(() => openWeights(path)).toThrow(UserError);
  });

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read (skipped as root, who may)', () => {
    const path = fileOf({});
    chmodSync(path, 0);
    expect(open(path)).toThrow(/EACCES/);
  });
});
