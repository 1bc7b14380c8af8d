/**
 * Makes a tiny ChatGLM-6B with random weights, in the files that the released one has: its own config.json with smaller
 * sizes, `ice_text.model`, and pytorch_model-0000N-of-00002.bin in 16 bits with their index, as torch.save writes them.
 *
 *   node experiments/chatglm-lora.mjs <folder with ChatGLM-6B's config.json> <folder with its ice_text.model> <folder to write>
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const [from, tokenizer, to] = process.argv.slice(2);
if (!from || !tokenizer || !to) {
  console.error("usage: node experiments/chatglm-lora.mjs <folder with ChatGLM-6B's config.json> <folder with its ice_text.model> <folder to write>");
  process.exit(2);
}
mkdirSync(to, { recursive: true });
const config = { ...JSON.parse(readFileSync(join(from, 'config.json'), 'utf8')), hidden_size: 64, inner_hidden_size: 256, num_layers: 4, num_attention_heads: 4, max_sequence_length: 512 };
writeFileSync(join(to, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
for (const file of ['ice_text.model', 'tokenizer_config.json']) if (existsSync(join(tokenizer, file))) copyFileSync(join(tokenizer, file), join(to, file));

// The embedding is the head too, which an adapter does not train: wide enough that the last layer can choose a token by it.
const { hidden_size: width, inner_hidden_size: inner, vocab_size: words, num_layers: layers } = config;
let state = 1;
const embedding = random([words, width], 0.15);
const norm = (name) => ({ [`${name}.weight`]: filled(width, 1), [`${name}.bias`]: filled(width, 0) });
const linear = (name, inputs, outputs) => ({ [`${name}.weight`]: random([outputs, inputs], 0.05), [`${name}.bias`]: filled(outputs, 0) });
const block = (_, layer) => {
  const at = `transformer.layers.${layer}`;
  return {
    ...norm(`${at}.input_layernorm`), ...linear(`${at}.attention.query_key_value`, width, 3 * width), ...linear(`${at}.attention.dense`, width, width),
    ...norm(`${at}.post_attention_layernorm`), ...linear(`${at}.mlp.dense_h_to_4h`, width, inner), ...linear(`${at}.mlp.dense_4h_to_h`, inner, width),
  };
};
const tables = { 'transformer.word_embeddings.weight': embedding, 'lm_head.weight': embedding };
const shards = [tables, Object.assign({ ...norm('transformer.final_layernorm') }, ...Array.from({ length: layers }, block))];

const index = { metadata: { total_size: 0 }, weight_map: {} };
shards.forEach((tensors, i) => {
  const file = `pytorch_model-${String(i + 1).padStart(5, '0')}-of-${String(shards.length).padStart(5, '0')}.bin`;
  writeFileSync(join(to, file), torchFile(Object.entries(tensors)));
  for (const [name, { data }] of Object.entries(tensors)) {
    index.weight_map[name] = file;
    index.metadata.total_size += data.byteLength;
  }
});
writeFileSync(join(to, 'pytorch_model.bin.index.json'), `${JSON.stringify(index, null, 2)}\n`);
console.log(`${to}: ${words} tokens, ${layers} layers of ${width}, ${(index.metadata.total_size / 1e6).toFixed(1)} MB in ${shards.length} shards`);

/** Numbers of a bell curve (the sum of four uniform ones, near enough), always the same. */
function random(shape, std) {
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const data = new Uint16Array(shape.reduce((product, n) => product * n, 1));
  return { shape, data: data.map(() => half(std * Math.sqrt(3) * (uniform() + uniform() + uniform() + uniform() - 2))) };
}

function filled(size, value) {
  return { shape: [size], data: new Uint16Array(size).fill(half(value)) };
}

/** IEEE 754 binary16; what is below its normal numbers becomes 0. */
function half(value) {
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  if (value === 0 || exponent < -14) return 0;
  const mantissa = Math.min(1023, Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | mantissa;
}

/** A zip archive, nothing compressed: data.pkl names each tensor's storage, shape and strides, data/N is a storage. */
function torchFile(tensors) {
  const members = [['archive/data.pkl', pickled(tensors)], ...tensors.map(([, { data }], i) => [`archive/data/${i}`, Buffer.from(data.buffer)]), ['archive/version', Buffer.from('3\n')]];
  const [parts, directory] = [[], []];
  let at = 0;
  for (const [name, bytes] of members) {
    const fields = Buffer.alloc(26); // what both headers have: version, flags, method, time, date, checksum, sizes, lengths
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(14);
    central.writeUInt32LE(at, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), bytes]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, central, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

/** {name: tensor}, in the few instructions of a pickle that it takes. */
function pickled(tensors) {
  const text = (value) => Buffer.concat([Buffer.from('X'), int32(Buffer.byteLength(value)), Buffer.from(value)]);
  const integer = (value) => Buffer.concat([Buffer.from('J'), int32(value)]);
  const numbers = (values) => Buffer.concat([Buffer.from('('), ...values.map(integer), Buffer.from('t')]);
  const emptyDict = Buffer.from('ccollections\nOrderedDict\n)R');
  const tensor = ({ shape, data }, i) => Buffer.concat([
    Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(('), text('storage'), Buffer.from('ctorch\nHalfStorage\n'), text(String(i)), text('cpu'), integer(data.length), Buffer.from('tQ'),
    integer(0), numbers(shape), numbers(shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1))), Buffer.from([0x89]), emptyDict, Buffer.from('tR'),
  ]);
  return Buffer.concat([Buffer.from([0x80, 2]), emptyDict, Buffer.from('('), ...tensors.flatMap(([name, values], i) => [text(name), tensor(values, i)]), Buffer.from('u.')]);
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
