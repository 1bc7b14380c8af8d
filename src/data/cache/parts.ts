/**
 * Parts of a corpus whose tokenising is not done yet, `<key>.parts/000000.tokens` and so on: each a whole token
 * file with its sum. A part is a function of the key and its number, so two processes that write the same one
 * write the same bytes, and neither has to know of the other.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Faults } from '../faults.js';
import type { Part, ReadPosition } from '../encode/part.js';
import { largestId } from '../codes.js';
import { openTokenFile, writeTokenFile } from './token-file.js';

const position = z.object({ file: z.int(), row: z.int() });

const metaSchema = z.object({
  from: position,
  to: position,
  read: z.int(),
  dropped: z.record(z.string(), z.int()),
  rejected: z.array(z.object({ file: z.string(), line: z.int(), counted: z.literal(true).optional(), reason: z.string() })),
  rejectedCount: z.int(),
  columns: z.array(z.string()),
  missing: z.array(z.string().nullable()),
});

export class PartFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Numbers of the parts that are there, whole or not. */
  async numbers(): Promise<ReadonlySet<number>> {
    const names = await readdir(this.#folder).catch(() => []);
    return new Set(names.filter((name) => name.endsWith('.tokens')).map((name) => Number.parseInt(name, 10)));
  }

  /** Null where it is not there, is damaged, or does not begin at `from`. */
  async read(number: number, from: ReadPosition): Promise<Part | null> {
    const opened = await openTokenFile(this.#file(number));
    const { data: meta } = metaSchema.safeParse(opened?.meta);
    if (!opened || !meta || meta.from.file !== from.file || meta.from.row !== from.row) return null;
    const { tokenCounts, labelCounts, fileOf, lineOf, marks, weightStarts, weightValues } = opened.columns;
    if (!(tokenCounts instanceof Uint32Array && labelCounts instanceof Uint32Array && fileOf instanceof Uint32Array && lineOf instanceof Uint32Array && marks instanceof Uint32Array)) return null;
    const weights = weightStarts instanceof Float64Array && weightValues instanceof Float64Array ? { starts: weightStarts, values: weightValues } : null;
    const faults = new Faults();
    faults.join({ rows: meta.rejected, count: meta.rejectedCount, columns: meta.columns, missing: meta.missing });
    const { to, read, dropped } = meta;
    const codes = opened.tokens.read(0, opened.tokens.length);
    return { from: meta.from, to, last: false, codes, tokenCounts, labelCounts, fileOf, lineOf, weights, marks, read, dropped, faults };
  }

  async write(number: number, { from, to, codes, tokenCounts, labelCounts, fileOf, lineOf, weights, marks, read, dropped, faults }: Part): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const meta: z.input<typeof metaSchema> = { from, to, read, dropped, rejected: faults.rows, rejectedCount: faults.count, columns: [...faults.columns], missing: [...faults.missing] };
    await writeTokenFile(this.#file(number), async (sink) => {
      await sink(codes);
      return { columns: { tokenCounts, labelCounts, fileOf, lineOf, marks, ...(weights && { weightStarts: weights.starts, weightValues: weights.values }) }, meta };
    }, { largest: largestId(codes), synced: false }); // its sum tells whether it is whole
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Removes what a killed process left: another that still writes one has changed the folder within `age` milliseconds. */
  async removeAbandoned(age: number): Promise<void> {
    const found = await stat(this.#folder).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > age) await this.remove();
  }

  #file(number: number): string {
    return path.join(this.#folder, `${String(number).padStart(6, '0')}.tokens`);
  }
}
