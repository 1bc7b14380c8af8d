/** The checks of `workbench doctor` and of its screen, each for itself: some take a second and more. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { homeFolder, type Environment } from '../config/home.js';
import { discoverModels } from '../models/discover.js';
import { databasePath } from '../store/folders.js';
import { startUpkeep } from '../runner/upkeep.js';
import { checkedAt, isLarge } from '../store/checked.js';
import { openReader } from '../store/reader.js';
import type { CacheFacts, Examination, MachineFacts, StoreHealth, TerminalFacts } from '../ui/screens/doctor/model.js';
import { messageOf } from '../util/errors.js';
import { tokenCache } from './experiment.js';
import { modelPlaces } from './places.js';
import { folderBytes } from './folder-bytes.js';

export function examineMachine(): MachineFacts {
  return { node: process.versions.node, platform: `${process.platform} ${process.arch}`, cores: availableParallelism(), memory_bytes: totalmem(), available_memory_bytes: process.availableMemory() };
}

/** `unicode` is what the screen goes by. */
export function examineTerminal(env: Environment, known: Pick<TerminalFacts, 'interactive' | 'columns' | 'unicode' | 'answers_after_ms'>): TerminalFacts {
  const { stdout } = process;
  return {
    ...known,
    ascii: Boolean(env['WORKBENCH_ASCII']),
    type: env['TERM'] ?? null,
    rows: known.interactive ? stdout.rows : null,
    colors: known.interactive && stdout.hasColors(),
    color_depth: known.interactive ? stdout.getColorDepth() : 1,
    ssh: Boolean(env['SSH_CONNECTION'] ?? env['SSH_TTY']),
  };
}

/** Reads the whole database. */
export function examineStore(env: Environment): StoreHealth {
  const home = homeFolder(env);
  const copies = (isOne: RegExp) => filesOf(home).filter((name) => isOne.test(name)).map((name) => ({ name, ...sizeOf(join(home, name)) })).sort((a, b) => (a.time < b.time ? -1 : 1));
  const backups = copies(/\.backup$/);
  const damaged = copies(/\.damaged-\w+$/);
  const bytes = ['', '-wal', '-shm'].reduce((sum, end) => sum + sizeOf(databasePath(home) + end).bytes, 0);
  try {
    const reader = openReader(home);
    try {
      const path = databasePath(home);
      startUpkeep(home);
      const large = isLarge(path);
      const checked = large ? checkedAt(path) : new Date();
      return { home, runs: reader.runs().length, bytes, backups, damaged, problems: large ? [] : reader.damage(), checked_at: checked?.toISOString() ?? null };
    } finally {
      reader.close();
    }
  } catch (error) {
    return { home, runs: null, bytes, backups, damaged, problems: [messageOf(error)], checked_at: null };
  }
}

export async function examineCaches(env: Environment): Promise<CacheFacts[]> {
  const home = homeFolder(env);
  const places = [['tokens', tokenCache(env)], ['preview', join(home, 'cache', 'preview')], ['scratch', join(home, 'scratch')]] as const;
  return Promise.all(places.map(async ([name, path]) => ({ name, path, bytes: await folderBytes(path) })));
}

export function examineModels(env: Environment): Examination['models'] {
  const paths = modelPlaces(env);
  return { paths, usable: discoverModels({ paths }).filter(({ supported, tokenizer }) => supported && tokenizer).length };
}

/** Of this program and of what it stands on. */
export function examineVersions(): Record<string, string> {
  const parts = ['onnxruntime-node', '@tensorflow/tfjs-core', 'tokenizers', 'better-sqlite3', 'ink'];
  const own = versionIn(new URL('../../package.json', import.meta.url));
  return { workbench: own, node: process.versions.node, ...Object.fromEntries(parts.map((name) => [name, versionIn(new URL(`../../node_modules/${name}/package.json`, import.meta.url))])) };
}

/** Removes tokenised rows; what needs them tokenises them again. Gives the bytes that are free now. */
export async function clearTokenCache(env: Environment): Promise<number> {
  const folders = [tokenCache(env), join(homeFolder(env), 'cache', 'preview')];
  let freed = 0;
  for (const folder of folders) {
    freed += await folderBytes(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  return freed;
}

function versionIn(file: URL): string {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  } catch {
    return 'missing';
  }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function sizeOf(file: string): { readonly bytes: number; readonly time: string } {
  const found = statSync(file, { throwIfNoEntry: false });
  return { bytes: found?.size ?? 0, time: found?.mtime.toISOString() ?? '' };
}
