/** `workbench tokenizer train`: a vocabulary learned from a corpus. */
import { resolve } from 'node:path';
import { readAnyExperiment } from '../config/file.js';
import { functionsOf, isModule } from '../config/module.js';
import { datasetTexts, fileTexts } from '../data/corpus.js';
import { learnTokenizer } from '../data/tokenizer/train/index.js';
import { UserError } from '../util/errors.js';
import { formatBytes, formatCount } from '../util/format.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly vocabSize: number;
  readonly special: readonly string[];
  readonly minFrequency: number;
  readonly out: string;
  readonly column?: string;
  readonly set: readonly string[];
  readonly json?: true;
}

/** Learns from files, or from the data set of an experiment as its filter leaves it. */
export async function train(terminal: Terminal, sources: readonly string[], { vocabSize, special, minFrequency, out, column, set, json }: Options): Promise<void> {
  const folder = resolve(out);
  const started = performance.now();
  const learned = await learnTokenizer(await textsOf(sources, column ?? null, set), {
    vocabSize, special, minFrequency, folder,
    onProgress: ({ bytes, words, vocabulary }) => {
      if (terminal.interactive && !json) terminal.note(vocabulary === null ? `read ${formatBytes(bytes)}, ${formatCount(words)} words` : `${formatCount(vocabulary)} tokens`);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const report = { path: folder, vocab_size: learned.vocabSize, merges: learned.merges, texts: learned.texts, bytes: learned.bytes, words: learned.words, seconds };
  if (json) {
    terminal.json(report);
    return;
  }
  if (learned.vocabSize < vocabSize) terminal.note(`No pair occurs ${minFrequency} times any more: ${formatCount(learned.vocabSize)} tokens instead of ${formatCount(vocabSize)}.`);
  terminal.print(`${formatCount(learned.vocabSize)} tokens from ${formatCount(learned.texts)} texts (${formatBytes(learned.bytes)}, ${formatCount(learned.words)} different words) in ${seconds.toFixed(1)} s`);
  terminal.print(`Written to ${folder}. In an experiment: tokenizer: ${out}, init: random, and in the config.json of its model vocab_size: ${learned.vocabSize}`);
}

async function textsOf(sources: readonly string[], column: string | null, set: readonly string[]): Promise<AsyncGenerator<string>> {
  const experiment = sources.find((source) => /\.ya?ml$/i.test(source) || isModule(source));
  if (experiment === undefined) {
    if (set.length > 0) throw new UserError(`--set ${set[0]}: it changes an experiment, and ${sources[0]} is data; give the experiment (.yaml, .ts) instead`);
    return fileTexts(sources, column);
  }
  if (sources.length > 1) throw new UserError('give one experiment, or files of data, not both');
  const { dataset, stage, recipe } = await readAnyExperiment(experiment, { set });
  return datasetTexts(dataset, stage, (await functionsOf(recipe)).functions);
}
