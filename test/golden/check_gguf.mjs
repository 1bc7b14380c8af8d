/**
 * Whether llama.cpp says after a prompt what `workbench generate` says, token for token. Run by hand, outside the
 * dependencies of this project; llama.cpp comes as a binary of its own with node-llama-cpp:
 *
 *   npm run build && npm install --prefix /somewhere --ignore-scripts node-llama-cpp
 *   node test/golden/check_gguf.mjs /somewhere <run or model folder> <merged.gguf>
 *   node test/golden/check_gguf.mjs /somewhere <run> <base.gguf> <adapter.gguf>
 *
 * Numbers of 8 bits are not those of the run: where two tokens are nearly as likely, q8_0 may go another way.
 */
import { execFileSync } from 'node:child_process';
import console from 'node:console';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [place, subject, modelPath, lora] = process.argv.slice(2);
const entry = createRequire(join(resolve(place), 'x.js')).resolve('node-llama-cpp');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const program = fileURLToPath(new URL('../../bin/workbench', import.meta.url));
const prompts = ['The film was', 'Once upon a time', 'I came back a second day, and'];
const newTokens = 24;

const llama = await getLlama({ gpu: false, maxThreads: 1, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: resolve(modelPath), gpuLayers: 0 });
const adapters = lora === undefined ? [] : [{ filePath: resolve(lora), scale: 1 }];

/** The likeliest tokens after a prompt, which it tokenises itself: [tokens of the prompt, new ones up to the end of the text]. */
async function continued(prompt) {
  const context = await model.createContext({ contextSize: 256, threads: 1, ...(adapters.length > 0 && { lora: { adapters } }) });
  const { bos } = model.tokens;
  const ids = [...(model.tokens.shouldPrependBosToken && bos !== null ? [bos] : []), ...model.tokenize(prompt)];
  const found = [];
  for await (const token of context.getSequence().evaluate(ids, { temperature: 0 })) {
    if (model.isEogToken(token)) break;
    found.push(Number(token));
    if (found.length === newTokens) break;
  }
  await context.dispose();
  return [ids.length, found];
}

let failed = false;
for (const prompt of prompts) {
  const wanted = JSON.parse(execFileSync(program, ['generate', subject, '--prompt', prompt, '--max-new-tokens', String(newTokens), '--json'], { encoding: 'utf8' }));
  const [length, ids] = await continued(prompt);
  const isSame = length === wanted.prompt_tokens && ids.join() === wanted.ids.join();
  failed ||= !isSame;
  console.log(`${isSame ? 'same' : 'NOT THE SAME'}  ${prompt}\n  llama.cpp  ${length} and ${ids.join(' ')}\n  workbench  ${wanted.prompt_tokens} and ${wanted.ids.join(' ')}`);
}
process.exit(failed ? 1 : 0);
