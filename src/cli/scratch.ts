/** Folders for the files of an engine, which may be as large as the model: none is left behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMarkOfLiving, markOf } from '../runner/identity.js';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives `use` a folder of its own under `parent`; it goes when `use` is done, fails or is interrupted. */
export async function withScratch<Result>(parent: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(parent, { recursive: true });
  removeOrphans(parent);
  const folder = mkdtempSync(join(parent, `${markOf(process.pid) ?? process.pid}-`));
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

/** What a process left that was killed before it could tidy up; its mark begins the name. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!isMarkOfLiving(name)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
