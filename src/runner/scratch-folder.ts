/** Folders of a home for what may be as large as a model: the files of an engine, a copy on its way to its place. None is left behind. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMarkOfEnded, markOf } from './identity.js';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives `use` a folder of its own in the home; it goes when `use` is done, fails or is interrupted. */
export async function withScratch<Result>(home: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  removeOrphans(home);
  const folder = makeScratch(home);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const leave = (signal: NodeJS.Signals) => {
    remove();
    for (const one of endingSignals) process.off(one, leave);
    process.kill(process.pid, signal);
  };
  for (const signal of endingSignals) process.on(signal, leave);
  try {
    return await use(folder);
  } finally {
    for (const signal of endingSignals) process.off(signal, leave);
    remove();
  }
}

/** Takes a folder out of its place at once, however large it is, for the caller to remove; null where it is not there. */
export function setAside(home: string, folder: string): string | null {
  if (!existsSync(folder)) return null;
  const scratch = makeScratch(home);
  renameSync(folder, join(scratch, basename(folder)));
  return scratch;
}

function makeScratch(home: string): string {
  const parent = join(home, 'scratch');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${markOf(process.pid)}-`));
}

/**
 * Removes what processes of this host left that were killed before they could tidy up; the mark of its process begins the name of a
 * folder. Those of other hosts that share the home are theirs to remove.
 */
export function removeOrphans(home: string): void {
  const parent = join(home, 'scratch');
  const names = existsSync(parent) ? readdirSync(parent) : [];
  for (const name of names) if (isMarkOfEnded(name)) rmSync(join(parent, name), { recursive: true, force: true });
}
