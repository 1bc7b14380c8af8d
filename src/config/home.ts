/** Where things are kept and looked for on this machine, from the environment alone. */
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `WORKBENCH_HOME`, or `workbench` in the XDG data folder. Holds the database, the runs and the cache. */
export function homeFolder(env: Environment): string {
  return resolve(env.WORKBENCH_HOME || join(env.XDG_DATA_HOME || join(userHome(env), '.local', 'share'), 'workbench'));
}

/** The folders of `WORKBENCH_MODELS`, then the Hugging Face cache (HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME). They need not exist. */
export function modelSearchPaths(env: Environment): string[] {
  return [...listed(env.WORKBENCH_MODELS), hubCache(env)].map((path) => resolve(path));
}

/** The folders of `WORKBENCH_DATASETS`, then the Hugging Face cache. They need not exist. */
export function datasetSearchPaths(env: Environment): string[] {
  return [...listed(env.WORKBENCH_DATASETS), hubCache(env)].map((path) => resolve(path));
}

function listed(paths: string | undefined): string[] {
  return (paths ?? '').split(delimiter).filter((path) => path !== '');
}

function hubCache(env: Environment): string {
  return env.HF_HUB_CACHE || join(env.HF_HOME || join(env.XDG_CACHE_HOME || join(userHome(env), '.cache'), 'huggingface'), 'hub');
}

/** `~` and `~/x` as a shell would read them; other paths unchanged. */
export function expandTilde(path: string, env: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(userHome(env), path.slice(1)) : path;
}

function userHome(env: Environment): string {
  return env.HOME || homedir();
}
