/** The end of what a run has written into its folder, for people. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../store/folders.js';

export interface RunLog {
  /** Of `run.log`; a line without a time of its own has that of the line before. */
  readonly lines: readonly { readonly time: number; readonly text: string }[];
  /** Of `trainer_log.jsonl`. */
  readonly points: readonly Readonly<Record<string, number | null>>[];
}

/** Bytes read from the end of each file. */
const tailBytes = 64 * 1024;

/** The newest lines, oldest first; nothing of a run that has not begun. */
export async function readRunLog(home: string, runId: string): Promise<RunLog> {
  const folder = runFolder(home, runId);
  const [lines, points] = await Promise.all([tail(join(folder, 'run.log')), tail(join(folder, 'trainer_log.jsonl'))]);
  return { lines: timed(lines), points: points.flatMap(parsed) };
}

async function tail(path: string): Promise<string[]> {
  const file = await open(path).catch(() => null);
  if (file === null) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n');
    return lines.slice(from > 0 ? 1 : 0).filter((line) => line !== '');
  } finally {
    await file.close();
  }
}

function timed(lines: readonly string[]): RunLog['lines'] {
  let last = 0;
  return lines.map((line) => {
    const [, time, text] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s.exec(line) ?? [];
    last = time === undefined ? last : Date.parse(time);
    return { time: last, text: text ?? line };
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
