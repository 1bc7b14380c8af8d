/** What the form of a new run needs, from where it is. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { equivalentCommand, type KnownFile } from '../../config/command.js';
import { readExperiment, writeExperiment } from '../../config/file.js';
import { expandTilde, homeFolder, type Environment } from '../../config/home.js';
import { presets } from '../../config/presets.js';
import { sameShape } from '../../config/shape.js';
import type { Experiment } from '../../config/schema.js';
import type { Aside } from '../../runner/aside.js';
import { openBeside } from '../../runner/beside.js';
import type { FormServices } from '../../ui/screens/new-run/services.js';
import type { PathCompletion } from '../../ui/widgets/path-field.js';
import { messageOf, UserError } from '../../util/errors.js';
import type { AsideHandlers } from './aside.js';
import type { BesideWork } from './beside.js';
import { shippedExperiments } from '../places.js';

/** Completions of one path; more are of no use before another letter. */
const mostCompletions = 100;

export interface FormWorld {
  readonly env: Environment;
  readonly aside: Aside<AsideHandlers>;
  /** The experiment with its model found on this machine. */
  located(experiment: Experiment): Promise<Experiment>;
}

export function formServices({ env, aside, located }: FormWorld): FormServices {
  const placeOf = (path: string): string => resolve(expandTilde(path, env));
  return {
    presets,
    files: () => Promise.resolve(experimentFiles(['.', 'experiments', shippedExperiments])),
    complete: (text) => completions(text, env),
    preview: async (experiment) => aside.call('preview', await located(experiment)),
    alike: sameShape,
    probe: async (experiment, options) => {
      const { probe } = await import('../../runner/probe.js');
      return probe(homeFolder(env), await located(experiment), options);
    },
    whyNot: reasons(env),
    write: (experiment) => writeExperiment(experiment, { changed: true }),
    command: (experiment, file) => equivalentCommand(experiment, file),
    save: (path, experiment, { overwrite }) => Promise.resolve(saved(placeOf(path), experiment, overwrite)),
    exists: (path) => existsSync(placeOf(path)),
    // OSC 52: terminals that allow it put it where paste finds it, over SSH too.
    copy: (text) => void process.stdout.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`),
  };
}

/** Asked in a process of its own: trying a device may crash. What is chosen here needs no asking. */
function reasons(env: Environment): FormServices['whyNot'] {
  const known = new Map<string, Promise<string | null>>();
  return ({ name, device, threads }) => {
    if (name === 'auto' && device === 'auto') return Promise.resolve(null);
    const key = `${name} ${device}`;
    const found = known.get(key) ?? asked();
    known.set(key, found);
    return found;

    async function asked(): Promise<string | null> {
      const beside = openBeside<BesideWork>(new URL('./beside.js', import.meta.url), env);
      try {
        return await beside.call('whyNot', { name, device, threads });
      } catch (error) {
        return messageOf(error);
      } finally {
        beside.close();
      }
    }
  };
}

/** Experiments that can be read; a YAML file that is something else is none. */
export function experimentFiles(folders: readonly string[]): KnownFile[] {
  const there = [...new Set(folders.map((folder) => resolve(folder)))].filter((folder) => existsSync(folder));
  const files = there.flatMap((folder) => readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort().map((name) => join(folder, name)));
  return files.flatMap((path) => {
    try {
      return [{ path: shortest(path), experiment: readExperiment(path).experiment }];
    } catch {
      return [];
    }
  });
}

/** As a person in this folder would write it. */
function shortest(path: string): string {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
}

function saved(path: string, experiment: Experiment, overwrite: boolean): KnownFile {
  const named = /\.ya?ml$/.test(path) ? path : `${path}.yaml`;
  try {
    mkdirSync(dirname(named), { recursive: true });
    writeFileSync(named, writeExperiment(experiment, { changed: true }), { flag: overwrite ? 'w' : 'wx' });
  } catch (error) {
    throw new UserError((error as NodeJS.ErrnoException).code === 'EEXIST' ? `${named} is there already.` : `${named} cannot be written (${messageOf(error).split(',')[0]}): type another path.`);
  }
  return { path: shortest(named), experiment };
}

/** What a shell would offer: names that begin with the last part; hidden ones only where a dot is typed. */
export async function completions(text: string, env: Environment): Promise<PathCompletion[]> {
  const cut = text.lastIndexOf('/') + 1;
  const [typed, start] = [text.slice(0, cut), text.slice(cut)];
  const folder = resolve(expandTilde(typed === '' ? '.' : typed, env));
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, mostCompletions)
      .map((entry) => {
        const name = entry.isDirectory() || (entry.isSymbolicLink() && existsSync(join(folder, basename(entry.name), '.'))) ? `${entry.name}/` : entry.name;
        return { text: typed + name, name };
      });
  } catch {
    return [];
  }
}
