import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type DatasetConfig, experimentSchema } from '../../src/config/schema.js';
import type { DataSettings } from '../../src/data/settings.js';
import { type PreparedDataset, prepareDataset } from '../../src/data/dataset.js';
import type { EncodedRows } from '../../src/data/rows.js';
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer/index.js';

const here = path.dirname(fileURLToPath(import.meta.url));
export const goldenFolder = path.join(here, 'golden');

/** Real datasets and tokenizers beside the repository, where they are. */
export const material = path.resolve(here, '../../../shared/material');
export const withoutMaterial = existsSync(material) ? false : 'needs ../shared/material';

export const tinyTokenizerFolder = path.join(goldenFolder, 'tiny-tokenizer');
export const tinyTokenizer = (): Promise<Tokenizer> => loadTokenizer(tinyTokenizerFolder);

export function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(path.join(goldenFolder, name), 'utf8'));
}

/** A folder of this test's own with the given files, removed after it. */
export function scratch(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'workbench-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

export const jsonLines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

type Overrides = Partial<Omit<DataSettings, 'dataset'>> & { readonly dataset: Partial<DatasetConfig> & { readonly path: string } };

/** The settings of an experiment with everything else at its default. */
export function settings({ dataset, ...rest }: Overrides): DataSettings {
  return experimentSchema.parse({ model: 'none', dataset, ...rest });
}

export async function prepare(overrides: Overrides, tokenizer: Tokenizer, cacheFolder?: string): Promise<PreparedDataset> {
  return prepareDataset(settings(overrides), tokenizer, { cacheFolder: cacheFolder ?? path.join(scratch(), 'cache') });
}

export const tokensOf = (rows: EncodedRows): number[][] => Array.from({ length: rows.length }, (_, i) => [...rows.tokens(i)]);
export const labelsOf = (rows: EncodedRows): number[][] => Array.from({ length: rows.length }, (_, i) => [...rows.labels(i)]);

/** Every third text of a corpus of the material, as the makers of the golden files take them. */
export function corpus(name: string): string[] {
  return textsOf(name).filter((_, i) => i % 3 === 0);
}

function textsOf(name: string): string[] {
  const [set, language] = name.split('.');
  if (set === 'alpaca_zh') {
    const rows = JSON.parse(readFileSync(path.join(material, 'datasets/llama-factory-demo/alpaca_zh_demo.json'), 'utf8')) as { output: string }[];
    return rows.map((row) => row.output);
  }
  const squad = JSON.parse(readFileSync(path.join(material, `datasets/xquad/xquad.${language}.json`), 'utf8')) as { data: { paragraphs: { context: string }[] }[] };
  return squad.data.flatMap((document) => document.paragraphs.map((paragraph) => paragraph.context));
}

/** What `digest` of golden/make.py computes. */
export function digest(rows: Iterable<ArrayLike<number>>): string {
  const hash = createHash('sha256');
  for (const ids of rows) hash.update(new Uint8Array(Int32Array.of(ids.length, ...Array.from(ids)).buffer));
  return hash.digest('hex');
}
