/** The end of what a run has written into its folder, for people. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../store/folders.js';

export interface RunLog {
  /** Of `run.log`; a line without a time of its own has that of the line before. */
  readonly lines: readonly { readonly time: number; readonly text: string }[];
  /** Of `trainer_log.jsonl`. */
  readonly points: readonly Readonly<Record<string, number | null | Readonly<Record<string, number>>>>[];
}

/** Bytes read from the end of each file. */
const tailBytes = 32 * 1024;

/** The newest lines, oldest first; nothing of a run that has not begun. */
export function readRunLog(home: string, runId: string): RunLog {
  const folder = runFolder(home, runId);
  return { lines: timed(tail(join(folder, 'run.log'))), points: tail(join(folder, 'trainer_log.jsonl')).flatMap(parsed) };
}

function tail(path: string): string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    const read = readSync(file, buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8', 0, read).split('\n');
    return lines.slice(from > 0 ? 1 : 0).filter((line) => line !== '');
  } finally {
    closeSync(file);
  }
}

function timed(lines: readonly string[]): RunLog['lines'] {
  let last = 0;
  return lines.map((line) => {
    const [, time, text] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s.exec(line) ?? [];
    const [, heading, begun] = /^(--- .*) \((\d{4}-\d\d-\d\dT[\d:.]+Z)\)$/.exec(line) ?? []; // of a process that starts
    last = Date.parse(time ?? begun ?? '') || last;
    return { time: last, text: text ?? heading ?? line };
  });
}

/** A line that is being written may be cut. */
function parsed(line: string): RunLog['points'] {
  try {
    return [JSON.parse(line) as RunLog['points'][number]];
  } catch {
    return [];
  }
}
