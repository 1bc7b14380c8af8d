/** Rows as the model sees them, and how long they are: what a person looks at before a run. */
import type { DataSettings } from '../settings.js';
import { NotTokenised } from '../split.js';
import { prepareDataset, type PreparedDataset, type SetShare } from '../dataset.js';
import { histogramOf, type LengthHistogram } from './lengths.js';
import { type EncodedRows, ignoredLabel, type RowPlace } from '../rows.js';
import type { RejectedRow } from '../source/row.js';
import type { Tokenizer } from '../tokenizer/index.js';

export interface PreviewToken {
  readonly text: string;
  readonly id: number;
  /** It counts in the loss. */
  readonly trained: boolean;
}

export interface PreviewRow extends RowPlace {
  /** Its number among the rows for training, from 1. */
  readonly row: number;
  readonly text: string;
  readonly tokens: readonly PreviewToken[];
  /** Tokens before the row was cut. */
  readonly fullLength: number;
}

/** Rows for training, counted from 0. */
export function previewRows({ train, classes }: { readonly train: EncodedRows; readonly classes?: readonly string[] }, tokenizer: Tokenizer, rows: readonly number[]): PreviewRow[] {
  return rows.map((row) => {
    const ids = train.tokens(row);
    const labels = train.labels(row);
    const last = classes === undefined ? ids.length : ids.length - 1; // behind a text to classify stands its class, which is no token
    return {
      row: row + 1,
      ...train.place(row),
      text: tokenizer.decode(ids.subarray(0, last), { special: true }),
      tokens: Array.from(ids, (id, t) => ({ text: t < last ? tokenizer.token(id) : ` → ${classes?.[id] ?? id}`, id, trained: t > 0 && labels[t] !== ignoredLabel })),
      fullLength: train.fullLength(row),
    };
  });
}

/** How long the rows are, uncut: what to choose `max_length` by. */
export function lengthHistogram(rows: EncodedRows, maxLength: number, bucketCount = 16): LengthHistogram {
  return histogramOf(lengthsOf(rows), maxLength, bucketCount);
}

/** Tokens of each row before cutting. */
export function lengthsOf(rows: EncodedRows): Uint32Array {
  return Uint32Array.from({ length: rows.length }, (_, row) => rows.fullLength(row));
}

/** A look at the data, plain: it crosses threads. */
export interface DataPreview {
  readonly rows: readonly PreviewRow[];
  /** [N] tokens of each training row before cutting; null where rows are cut out of one running text (stage pretrain). */
  readonly lengths: Uint32Array | null;
  /** Whether that is every row, or only the first ones, because the data is not tokenised yet. */
  readonly whole: boolean;
  readonly train_rows: number;
  readonly eval_rows: number;
  readonly tokens: number;
  readonly labels: number;
  /** The first of the rows that cannot be used, and how many they are. */
  readonly rejected: readonly RejectedRow[];
  readonly rejected_count: number;
  /** What the filter kept of each set, of the rows that were looked at. */
  readonly sets: readonly SetShare[];
}

export interface PreviewOptions {
  /** Where runs keep tokenised data: it is read, not written. */
  readonly cacheFolder: string;
  /** Where what had to be tokenised for the preview alone is kept. */
  readonly previewFolder: string;
  /** Rows shown; and rows tokenised where nothing is cached. */
  readonly shown?: number;
  readonly looked?: number;
}

const uncut = 2 ** 30;

/** Looks at tokenised data where there is some, else at the first rows. Throws the UserErrors that a run would. */
export async function previewDataset(settings: DataSettings, tokenizer: Tokenizer, options: PreviewOptions): Promise<DataPreview> {
  const { cacheFolder, previewFolder, shown = 50, looked = 2000 } = options;
  const rejectedShown = 200;
  let prepared: PreparedDataset;
  let source = { settings, folder: cacheFolder };
  try {
    prepared = await prepareDataset(settings, tokenizer, { cacheFolder, tokenise: false });
  } catch (error) {
    if (!(error instanceof NotTokenised)) throw error;
    const { dataset } = settings;
    source = { settings: { ...settings, dataset: { ...dataset, max_samples: Math.min(looked, dataset.max_samples ?? looked) } }, folder: previewFolder };
    prepared = await prepareDataset(source.settings, tokenizer, { cacheFolder: previewFolder });
  }
  // Rows are cut in place: those of full length are read again.
  const full = settings.stage === 'pretrain' ? null : await prepareDataset({ ...source.settings, max_length: uncut }, tokenizer, { cacheFolder: source.folder });
  const { train, eval: held, rejected, rejectedCount } = prepared;
  const asked = settings.dataset.max_samples ?? Infinity;
  return {
    rows: previewRows(prepared, tokenizer, Array.from({ length: Math.min(shown, train.length) }, (_, row) => row)),
    lengths: full && lengthsOf(full.train),
    whole: source.folder === cacheFolder || asked <= looked || train.length + (held?.length ?? 0) + rejectedCount < looked,
    train_rows: train.length,
    eval_rows: held?.length ?? 0,
    tokens: train.totalTokens,
    labels: train.totalLabels,
    rejected: rejected.slice(0, rejectedShown),
    rejected_count: rejectedCount,
    sets: prepared.shares,
  };
}
