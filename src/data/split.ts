/** Files of one set to rows: read, filtered, tokenised or taken from the cache, cut. */
import type { ExperimentFunctions } from '../config/define.js';
import { functionsOf } from '../config/module.js';
import type { Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { cachedDocuments, keptDocuments, cacheKey, type CacheUse } from './cache/documents.js';
import { chunkDocuments, cutDocuments, cutPairs } from './encode/cut.js';
import type { Corpus } from './encode/encode-parts.js';
import { namesOf } from './faults.js';
import { tokenWeights } from './functions.js';
import { readMeter } from './reading.js';
import { rowRule } from './rule.js';
import type { DataSet } from './sets.js';
import type { DataSettings, PrepareOptions } from './settings.js';
import { readerOf } from './source/files.js';
import type { ReadOptions, RejectedRow } from './source/row.js';
import { StoredRows } from './stored-rows.js';
import type { Example } from './template/example.js';
import { classTemplate, pairTemplate, rowTemplate, type RowTemplate } from './template/formats.js';
import { asDocument, asMarkedText, asPromptAndAnswer, asSourceAndTarget } from './template/shapes.js';
import type { Tokenizer } from './tokenizer/index.js';

/** The rows are not in the cache, and tokenising them was not asked for. */
export class NotTokenised extends Error {
  override readonly name = 'NotTokenised';
}

/** The rows of some files of one set, and what became of the others. */
export interface LoadedSplit {
  readonly rows: StoredRows;
  readonly rejected: readonly RejectedRow[];
  readonly rejectedCount: number;
  readonly cutRows: number;
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly use: CacheUse;
}

/** What a stage makes of a row's text. */
const shapes: { readonly [S in Experiment['stage']]: (example: Example, tokenizer: Tokenizer) => Example } = {
  sft: (example, { startsAnswers }) => (startsAnswers ? asPromptAndAnswer(example) : example),
  seq2seq: asSourceAndTarget,
  pretrain: asDocument,
  mlm: asMarkedText,
  classify: (example) => example,
};

/** Reads files of one set. */
export type SplitLoader = (files: readonly string[], set: DataSet) => Promise<LoadedSplit>;

export function splitLoader(settings: DataSettings, tokenizer: Tokenizer, options: PrepareOptions): SplitLoader {
  const { dataset, stage, max_length: maxLength, overflow, recipe } = settings;
  const { cacheFolder, moduleFolder, tokenise = true, partUnits, onProgress = () => undefined } = options;
  const everyToken = stage === 'pretrain' || stage === 'mlm';
  const { filter, dedupe, labels } = dataset;
  if (stage === 'classify' && labels === null) throw new Error('the names of the classes have to be known before rows are read');

  return async (files, set) => {
    const { format, columns, tags, template, weight_column, max_samples: maxRows } = set;
    const { functions, sha256 } = await functionsOf(recipe, moduleFolder);
    if (stage === 'classify') refuseTextFunctions(functions);
    const reading: ReadOptions = { textColumn: columns['text'] ?? 'text', runningText: everyToken };
    const key = {
      format, columns, tags, template, filter, dedupe, maxRows, stage, tokenizer: tokenizer.fingerprint,
      ...(stage === 'classify' ? { labels } : {}),
      ...(weight_column === null ? {} : { weight_column }),
      ...(Object.keys(functions).length === 0 ? {} : { recipe: sha256 }),
    };
    const plain = (): RowTemplate => (stage === 'classify' && labels ? classTemplate(set, labels) : stage === 'seq2seq' ? pairTemplate(set, tokenizer) : rowTemplate(set, tokenizer));
    const meter = readMeter(files, onProgress);
    const corpus: Corpus = {
      files,
      read: (file, after) => {
        meter(file, 0);
        return readerOf(file)(file, { ...reading, after, onRead: (bytes) => meter(file, bytes) });
      },
      tokenizer,
      rule: () => rowRule(set, { dataset, functions, tokenizer, template: plain }),
      tokenWeights: functions.tokenWeights ? tokenWeights(functions.tokenWeights, tokenizer) : null,
      shape: (example) => shapes[stage](example, tokenizer),
      maxRows,
      partUnits,
    };
    const place = { folder: cacheFolder, key: await cacheKey(files, key) };
    if (!tokenise && (await keptDocuments(place)) === null) throw new NotTokenised(`${namesOf(files)} is not in ${cacheFolder}`);
    const { documents, use } = await cachedDocuments(place, corpus);
    const cut = everyToken ? chunkDocuments(documents, maxLength) : stage === 'seq2seq' ? cutPairs(documents, maxLength) : cutDocuments(documents, maxLength, overflow);
    if (cut.windows.length === 0) {
      throw new UserError(`no row of ${namesOf(files)} has anything to learn within max_length ${maxLength}; the first: ${cut.rejected[0]?.reason ?? 'the text is too short'}`);
    }
    const { rejected, rejectedCount, read, dropped } = documents;
    return {
      rows: new StoredRows(documents.tokens, cut.windows, documents),
      rejected: [...rejected, ...cut.rejected],
      rejectedCount: rejectedCount + cut.rejected.length,
      cutRows: cut.cutRows, read, dropped, use,
    };
  };
}

/** A class is no text. */
function refuseTextFunctions({ prompt, tokenWeights: weigh }: ExperimentFunctions): void {
  if (prompt) throw new UserError('`stage: classify` reads a text and its label, which a prompt function cannot give: leave it out, and name the columns in dataset.columns');
  if (weigh) throw new UserError('`stage: classify` learns one class a text, which tokenWeights cannot weigh: give weight(row) instead');
}
