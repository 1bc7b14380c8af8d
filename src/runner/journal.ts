/** Files of one JSON object a line that a run appends to. */
import { existsSync, readFileSync } from 'node:fs';
import { replaceFile } from '../util/atomic.js';

/** Drops what was written after a step to which a run has gone back, so that the file tells one history. */
export function dropLinesAfter(file: string, key: string, step: number): void {
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  const kept = lines.filter((line) => stepOf(line, key) <= step);
  if (kept.length === lines.length) return;
  replaceFile(file, kept.map((line) => `${line}\n`).join(''));
}

/** A line that a crash has cut off belongs to no step. */
function stepOf(line: string, key: string): number {
  try {
    return (JSON.parse(line) as Record<string, number>)[key];
  } catch {
    return Infinity;
  }
}
