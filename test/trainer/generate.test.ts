/** Beams, and what may come next, against Transformers' `generate` (test/golden/beams.py). */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Executable } from '../../src/engine/contract.js';
import { generationConfig, plainGeneration, type GenerationConfig } from '../../src/models/generation.js';
import { modelFromConfig, readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { generateEach, generateTokens } from '../../src/trainer/generate/generate.js';
import { inferenceProgram } from '../../src/trainer/program.js';
import { greedy } from '../../src/trainer/generate/sampling.js';
import { untuned } from '../../src/trainer/tuning.js';
import { compile, engines, goldenFolder, readJson } from '../golden/support.js';

interface Case {
  readonly model: string;
  readonly prompt: number[];
  readonly num_beams: number;
  readonly max_new_tokens: number;
  readonly eos_token_id: number[];
  readonly early_stopping?: boolean | 'never';
  readonly length_penalty?: number;
  readonly no_repeat_ngram_size?: number;
  readonly min_new_tokens?: number;
  readonly forced_bos_token_id: number | null;
  readonly forced_eos_token_id?: number;
  readonly tokens: number[];
}

const cases = readJson<Case[]>(goldenFolder, 'beams.json');

function generationOf(golden: Case): GenerationConfig {
  return {
    ...plainGeneration,
    numBeams: golden.num_beams,
    lengthPenalty: golden.length_penalty ?? 1,
    earlyStopping: golden.early_stopping ?? false,
    noRepeatNgramSize: golden.no_repeat_ngram_size ?? 0,
    minNewTokens: golden.min_new_tokens ?? 0,
    firstId: golden.forced_bos_token_id,
    lastId: golden.forced_eos_token_id ?? null,
  };
}

describe.each([...new Set(cases.map(({ model }) => model))])('%s', (name) => {
  const path = join(goldenFolder, name);
  const model = readModel(path);
  let executable: Executable;
  beforeAll(async () => {
    const weights = initialWeights(model, path);
    executable = await compile(engines[1], inferenceProgram(model, untuned(model, { quantization: 'none', precision: 'f32' })), (variable) => weights(variable.name));
  });
  afterAll(() => executable.dispose());

  it.each(cases.filter((golden) => golden.model === name))('$num_beams beams, at most $max_new_tokens tokens', async (golden) => {
    const heard: number[] = [];
    const { ids, stopped } = await generateTokens(executable, model, golden.prompt, { ...greedy, maxNewTokens: golden.max_new_tokens, seed: 0, stopIds: golden.eos_token_id, generation: generationOf(golden), onToken: (id) => heard.push(id) });
    const opening = model.encoderDecoder ? [model.encoderDecoder.startId, ...[golden.forced_bos_token_id ?? []].flat()] : golden.prompt;
    const ended = golden.eos_token_id.includes(golden.tokens.at(-1)!) ? [golden.tokens.at(-1)] : [];
    expect([...opening, ...ids, ...ended]).toEqual(golden.tokens);
    expect(stopped).toBe(ended.length > 0 ? 'end' : 'length');
    expect(heard).toEqual(ids);
  });
});

describe.each(['models/gpt2', 'models/bloom', 'models/mistral-window', 'models/llama-gqa', 'models/chatglm2', 'models/gemma2', 'chatglm', 'bart/plain'])('%s side by side', (name) => {
  it('answers prompts of several lengths as it answers each alone', async () => {
    const path = join(goldenFolder, name);
    const model = readModel(path);
    const weights = initialWeights(model, path);
    const executable = await compile(engines[1], inferenceProgram(model, untuned(model, { quantization: 'none', precision: 'f32' })), (variable) => weights(variable.name));
    const { vocabSize } = model;
    const mark = model.answerStartId === null ? [] : [model.answerStartId];
    const prompts = [7, 2, 5, 4].map((length, i) => [...Array.from({ length }, (_, t) => (31 * i + 17 * t + 9) % vocabSize), ...mark]);
    const options = { ...greedy, seed: 0, maxNewTokens: 6, stopIds: [] as number[] };
    const alone = [];
    for (const prompt of prompts) alone.push((await generateTokens(executable, model, prompt, options)).ids);
    const stop = alone[1][3]; // so that rows end at different times
    const cut = alone.map((ids) => ids.slice(0, ids.includes(stop) ? ids.indexOf(stop) : 6));
    const heard = prompts.map((): number[] => []);
    const said = await generateEach(executable, model, prompts, { ...options, stopIds: [stop], onToken: (prompt, id) => heard[prompt].push(id) });
    expect(said.map(({ ids }) => ids)).toEqual(cut);
    expect(said.map(({ stopped }) => stopped)).toEqual(cut.map(({ length }) => (length < 6 ? 'end' : 'length')));
    expect(heard).toEqual(cut);
    await executable.dispose();
  });
});

describe('what a folder says of its texts', () => {
  const bart = { ...readJson<Record<string, unknown>>(goldenFolder, 'bart', 'plain', 'config.json'), vocab_size: 100, num_beams: 4, min_length: 56, max_length: 142, no_repeat_ngram_size: 3, length_penalty: 2, early_stopping: true, forced_bos_token_id: 0, forced_eos_token_id: 2, eos_token_id: 2 };
  const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'));
  const say = (text: string) => writeFileSync(join(folder, 'generation_config.json'), text);

  it('is in config.json, as bart-large-cnn has it, where there is no generation_config.json', () => {
    const model = modelFromConfig(bart, 'here');
    const cnn = { numBeams: 4, lengthPenalty: 2, earlyStopping: true, noRepeatNgramSize: 3, minNewTokens: 54, maxNewTokens: 140, firstId: 0, lastId: 2, eosTokenIds: [2] };
    expect(generationConfig(join(folder, 'nowhere'), model)).toEqual(cnn);
    say('{"num_beams": 2, "length_penalty": "much", "eos_token_id": [2, 3], "forced_bos_token_id": null}');
    expect(generationConfig(folder, model)).toEqual({ ...plainGeneration, numBeams: 2, eosTokenIds: [2, 3] });
    say('{');
    expect(generationConfig(folder, model)).toEqual(cnn);
  });

  it('is only where it ends, of a model that continues texts', () => {
    const gpt2 = readModel(join(goldenFolder, 'models', 'gpt2'));
    say('{"num_beams": 4, "min_length": 9, "eos_token_id": [5, 7]}');
    const { eosTokenIds, ...rest } = generationConfig(folder, gpt2);
    expect(eosTokenIds).toEqual([...new Set([...gpt2.eosTokenIds, 5, 7])]);
    expect(rest).toEqual({ ...plainGeneration, eosTokenIds: undefined });
  });
});
