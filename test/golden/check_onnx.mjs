/**
 * Whether transformers.js says after a prompt what Transformers says, token for token. Run by hand, outside the
 * dependencies of this project:
 *
 *   npm run build && npm i --prefix /somewhere @huggingface/transformers
 *   node test/golden/check_onnx.mjs /somewhere <python with transformers> <model folder>...
 */
import { execFileSync } from 'node:child_process';
import console from 'node:console';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { exportRun } from '../../dist/export/run.js';

const [place, python, ...models] = process.argv.slice(2);
const entry = createRequire(join(resolve(place), 'x.js')).resolve('@huggingface/transformers');
const { AutoModelForCausalLM, AutoTokenizer, env } = await import(pathToFileURL(entry).href);
const prompt = 'Once upon a time';
const new_tokens = 24;

const reference = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, prompt, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
ids = tokenizer(prompt, return_tensors='pt').input_ids
print(json.dumps(model.generate(ids, max_new_tokens=count, do_sample=False)[0].tolist()))
`;

const folder = mkdtempSync(join(tmpdir(), 'check-onnx-'));
env.localModelPath = folder;
env.allowRemoteModels = false;
let failed = false;
for (const model of models.map((each) => resolve(each))) {
  const wanted = JSON.parse(execFileSync(python, ['-c', reference, model, prompt, String(new_tokens)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const name = `${basename(dirname(model))}-${basename(model)}`;
  await exportRun({ model, tokenizer: null, quantization: 'none', name, type: null, shardBytes: 5e9, card: null, output: model, kind: 'model', format: 'onnx', out: join(folder, name) });
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const loaded = await AutoModelForCausalLM.from_pretrained(name);
  const said = await loaded.generate({ ...tokenizer(prompt), max_new_tokens: new_tokens, do_sample: false });
  const ids = said.tolist()[0].map(Number);
  const isSame = ids.join() === wanted.join();
  failed ||= !isSame;
  console.log(`${isSame ? 'same' : 'NOT THE SAME'}  ${model}\n  transformers.js  ${ids.join(' ')}\n  Transformers     ${wanted.join(' ')}`);
  await loaded.dispose();
}
rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
