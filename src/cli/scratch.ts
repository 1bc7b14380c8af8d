/** Folders for the files of an engine, which may be as large as the model: none is left behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives `use` a folder of its own under `parent`; it goes when `use` is done, fails or is interrupted. */
export async function withScratch<Result>(parent: string, use: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(parent, { recursive: true });
  removeOrphans(parent);
  const folder = mkdtempSync(join(parent, `${process.pid}-`));
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

/** What a process left that was killed before it could tidy up; its number begins the name. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!isAlive(Number.parseInt(name, 10))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
