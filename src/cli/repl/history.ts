/** Lines typed at the prompt, kept in the home from one session to the next. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../util/atomic.js';

/** Lines kept; the file is cut back to them when it has grown to twice as many. */
const kept = 1000;

export interface LineHistory {
  /** The newest last. */
  lines(): readonly string[];
  /** A line that repeats the one before is kept once. */
  add(line: string): void;
}

/** A home that cannot be read or written has a history of this session alone. */
export function openHistory(home: string): LineHistory {
  const file = join(home, 'command-history');
  let lines = read(file);
  if (lines.length > 2 * kept) attempt(() => replaceFile(file, `${lines.slice(-kept).join('\n')}\n`));
  lines = lines.slice(-kept);
  return {
    lines: () => lines,
    add(line) {
      const text = line.trim().replaceAll('\n', ' ');
      if (text === '' || text === lines.at(-1)) return;
      lines = [...lines, text].slice(-kept);
      attempt(() => {
        mkdirSync(home, { recursive: true });
        appendFileSync(file, `${text}\n`);
      });
    },
  };
}

function read(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}

function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // The command itself matters more than its trace.
  }
}
