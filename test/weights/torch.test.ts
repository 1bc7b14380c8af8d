import { copyFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/util/errors.js';
import { openWeights } from '../../src/weights/folder.js';
import { TorchFile } from '../../src/weights/torch.js';

const material = new URL('torch/', import.meta.url).pathname;
const expected = JSON.parse(readFileSync(join(material, 'values.json'), 'utf8')) as Record<string, { dtype: string; shape: number[]; values: number[] }>;
const typeNames: Readonly<Record<string, string>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16', int64: 'I64', bool: 'BOOL' };
const temporary = () => mkdtempSync(join(tmpdir(), 'workbench-test-'));

describe.each(['archive.bin', 'legacy.bin'])('%s of torch.save', (file) => {
  const weights = TorchFile.open(join(material, file));

  it.each(Object.entries(expected))('has %s as PyTorch has it', (name, { dtype, shape, values }) => {
    expect(weights.info(name)).toMatchObject({ dtype: typeNames[dtype], shape });
    if (['int64', 'bool'].includes(dtype)) return expect(() => weights.read(name)).toThrow(`${name} in ${join(material, file)} is stored as ${typeNames[dtype]}; F32, F16 and BF16 can be read`);
    expect(weights.read(name)).toMatchObject({ dtype: 'f32', shape, data: Float32Array.from(values) });
  });

  it('lists tensors and nothing else', () => {
    expect([...weights.names].sort()).toEqual(Object.keys(expected).sort());
  });

  it('is refused where bytes are missing, wherever it was cut', () => {
    const bytes = readFileSync(join(material, file)).length;
    for (let kept = 0; kept < bytes; kept += 97) {
      const path = join(temporary(), 'cut.bin');
      copyFileSync(join(material, file), path);
      truncateSync(path, kept);
      expect(() => TorchFile.open(path), `${kept} of ${bytes}`).toThrow(UserError);
    }
  });
});

describe('a folder', () => {
  it('may have shards by an index, or one file', () => {
    const folder = temporary();
    copyFileSync(join(material, 'archive.bin'), join(folder, 'pytorch_model-00001-of-00002.bin'));
    copyFileSync(join(material, 'legacy.bin'), join(folder, 'pytorch_model-00002-of-00002.bin'));
    const index = { weight_map: { plain: 'pytorch_model-00001-of-00002.bin', half: 'pytorch_model-00002-of-00002.bin' } };
    writeFileSync(join(folder, 'pytorch_model.bin.index.json'), JSON.stringify(index));
    const weights = openWeights(folder);
    expect(weights.names).toEqual(['plain', 'half']);
    expect(weights.read('half').data).toEqual(Float32Array.from(expected['half'].values));
    copyFileSync(join(material, 'archive.bin'), join(folder, 'pytorch_model.bin'));
    expect(openWeights(folder).names).toContain('brain');
  });
});

/** Pickles of the older form around one that is given. */
function legacyFile(object: Buffer): string {
  const start = readFileSync(join(material, 'legacy.bin')).subarray(0, 15);
  const path = join(temporary(), 'pytorch_model.bin');
  writeFileSync(path, Buffer.concat([start, Buffer.from('\x80\x02M\xe9\x03.\x80\x02}.', 'latin1'), object, Buffer.from('\x80\x02].', 'latin1')]));
  return path;
}
const pickle = (program: string) => Buffer.from(`\x80\x02${program}.`, 'latin1');
const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`;

describe('a hostile pickle is refused, and nothing of it runs', () => {
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x04NtQ`;
  const tensor = (offset: string, shape: string, strides: string) => `}${text('w')}ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${shape}${strides}\x89NtRs`;
  const cases: [string, string, RegExp][] = [
    ['a command for the shell', `cposix\nsystem\n${text('touch owned')}\x85R`, /its pickle asks for posix\.system, which is no part of any weights and would run code of the file; take the model's safetensors/],
    ['the same by names on the stack', `${text('builtins')}${text('eval')}\x93${text('1')}\x85R`, /asks for builtins\.eval/],
    ['a loader within', `ctorch.storage\n_load_from_bytes\n${text('x')}\x85R`, /asks for torch\.storage\._load_from_bytes/],
    ['a name of every object', 'cconstructor\nconstructor\n)R', /asks for constructor\.constructor/],
    ['a name of every object in torch', 'ctorch\ntoString\n)R', /asks for torch\.toString/],
    ['a dictionary made by a call', `ccollections\nOrderedDict\n]\x85R`, /makes a dictionary in a way that torch\.save does not/],
    ['a storage made by a call', 'ctorch\nFloatStorage\n)R', /makes a torch\.FloatStorage itself/],
    ['what is no function, called', '}K\x01\x85R', /calls what is no function/],
    ['attributes of a list', ']}b', /sets attributes of what is no dictionary/],
    ['an instruction for objects', '(iposix\nsystem\n', /an instruction 0x69, which no weights need/],
    ['a class made new', 'ccollections\nOrderedDict\n)\x81', /an instruction 0x81/],
    ['a tensor beyond its storage', tensor('K\x02', 'K\x03\x85', 'K\x01\x85'), /reaches to element 5 of a storage of 4/],
    ['strides into nothing', tensor('K\x00', 'K\x03\x85', 'J\xff\xff\xff\xff\x85'), /makes a tensor in a way that torch\.save does not/],
    ['no tensors', `}${text('step')}K\x07s`, /holds no dictionary of tensors by name/],
    ['an empty stack', 'R', /its stack is empty/],
    ['a missing mark', 't', /a mark is missing/],
    ['a recall of nothing', 'h\x05', /recalls what it has not kept/],
  ];
  it.each(cases)('%s', (_what, program, sentence) => {
    const path = legacyFile(pickle(program));
    expect(() => TorchFile.open(path)).toThrow(UserError);
    expect(() => TorchFile.open(path)).toThrow(sentence);
  });

  it('what is neither form is a sentence', () => {
    const path = join(temporary(), 'pytorch_model.bin');
    writeFileSync(path, 'no weights at all');
    expect(() => TorchFile.open(path)).toThrow(/pytorch_model\.bin is truncated: its end is missing; fetch it again/);
    writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\n');
    expect(() => TorchFile.open(path)).toThrow(/Git LFS pointer/);
  });
});
