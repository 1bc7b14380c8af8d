/** The command that starts what a form shows. */
import { isDeepStrictEqual } from 'node:util';
import { diffExperiments } from './diff.js';
import { writeExperiment } from './file.js';
import type { Experiment } from './schema.js';

/** An experiment file, as it was read. */
export interface KnownFile {
  readonly path: string;
  readonly experiment: Experiment;
}

/** The file with what differs from it, or where there is none, the whole experiment as standard input; for a POSIX shell. */
export function equivalentCommand(experiment: Experiment, file: KnownFile | null): string {
  if (file === null) return `workbench train /dev/stdin <<'END'\n${writeExperiment(experiment, { changed: true })}END`;
  if (isDeepStrictEqual(file.experiment, experiment)) return `workbench train ${quoted(file.path)}`;
  const set = diffExperiments(file.experiment, experiment).map(({ key, b }) => `  --set ${quoted(`${key}=${typeof b === 'string' ? b : JSON.stringify(b)}`)}`);
  return [`workbench train ${quoted(file.path)}`, ...set].join(' \\\n');
}

/** One word for a shell. */
export function quoted(text: string): string {
  return /^[\w./:=@%+,~-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
