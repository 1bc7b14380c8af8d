/** A repository from a hub: into the cache that all of Hugging Face's programs share, or into a folder. */
import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { datasetInfo, listFiles, modelInfo, type ListFileEntry } from '@huggingface/hub';
import { UserError } from '../util/errors.js';
import { explained, type Connection, type Repo } from './connection.js';
import { download, isWhole, type DownloadOptions, type RemoteFile } from './download.js';

export interface PullOptions extends Partial<DownloadOptions> {
  readonly repo: Repo;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** A folder of its own instead of the cache. */
  readonly out: string | null;
  /** Before each file that is fetched. */
  readonly onFile?: (file: { readonly path: string; readonly size: number }) => void;
}

/** Resolves with the folder that has the files. What is there already is not fetched again. Throws UserErrors. */
export async function pull(connection: Connection, options: PullOptions): Promise<string> {
  const { repo, revision, out } = options;
  if (!/^[\w][\w./-]*$/.test(revision) || revision.split('/').includes('..')) throw new UserError(`"${revision}" is no revision: give a branch, a tag or a commit.`);
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(repo.name)) throw new UserError(`"${repo.name}" is no name of a repository: give owner/name.`);
  try {
    const commit = await commitOf(connection, repo, revision);
    const files = await filesOf(connection, repo, commit);
    return out === null ? await intoCache(connection, { ...options, commit, files }) : await intoFolder(connection, { ...options, files, out });
  } catch (error) {
    throw explained(error, connection, repo);
  }
}

async function commitOf(connection: Connection, { type, name }: Repo, revision: string): Promise<string> {
  const asked = { ...access(connection), name, revision };
  const { sha } = type === 'model' ? await modelInfo({ ...asked, additionalFields: ['sha'] }) : await datasetInfo({ ...asked, additionalFields: ['sha'] });
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new UserError(`${connection.endpoint} names no commit for ${revision} of ${name}.`);
  return sha;
}

async function filesOf(connection: Connection, repo: Repo, commit: string): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  for await (const entry of listFiles({ ...access(connection), repo: { ...repo }, recursive: true, revision: commit })) {
    if (entry.type !== 'file') continue;
    const { path, size } = entry;
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..') || path.includes('\\') || path.includes('\0')) {
      throw new UserError(`${repo.name} has a file named "${path}", which would lie outside its folder; it is not pulled.`);
    }
    const url = `${connection.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.name}/resolve/${commit}/${parts.map(encodeURIComponent).join('/')}`;
    files.push({ path, size, sum: sumOf(entry, repo), url });
  }
  if (files.length === 0) throw new UserError(`${repo.name} has no files.`);
  return files;
}

function sumOf({ lfs, oid, path }: ListFileEntry, repo: Repo): RemoteFile['sum'] {
  const hex = lfs?.oid ?? oid;
  if (hex === undefined || !/^[0-9a-f]+$/.test(hex)) throw new UserError(`${repo.name} names no hash for ${path}, so it cannot be verified.`);
  return { kind: lfs === undefined ? 'git' : 'sha256', hex };
}

interface Task extends PullOptions {
  readonly files: readonly RemoteFile[];
}

/** `models--owner--name/` with `blobs/<hash>`, `snapshots/<commit>/<path>` that point to them, and `refs/<revision>`. */
async function intoCache(connection: Connection, task: Task & { readonly commit: string }): Promise<string> {
  const { repo, revision, commit, files } = task;
  const store = join(connection.cache, `${repo.type}s--${repo.name.replaceAll('/', '--')}`);
  const snapshot = join(store, 'snapshots', commit);
  for (const file of files) {
    const blob = join(store, 'blobs', file.sum.hex);
    await fetched(connection, file, blob, task);
    const pointer = join(snapshot, file.path);
    await mkdir(dirname(pointer), { recursive: true });
    await rm(pointer, { force: true });
    await symlink(relative(dirname(pointer), blob), pointer);
  }
  if (revision !== commit) {
    const reference = join(store, 'refs', revision);
    await mkdir(dirname(reference), { recursive: true });
    await writeFile(reference, commit); // last: what it names is whole
  }
  return snapshot;
}

async function intoFolder(connection: Connection, task: Task & { readonly out: string }): Promise<string> {
  const { files, out } = task;
  for (const file of files) {
    const to = join(out, file.path);
    if (!(await isWhole(to, file))) await rm(to, { force: true }); // an older one
    await fetched(connection, file, to, task);
  }
  return out;
}

/** One of the same size that is there has been verified when it came. */
async function fetched(connection: Connection, file: RemoteFile, to: string, { onFile, tries = 5, waitMs = 1000 }: PullOptions): Promise<void> {
  const there = await stat(to).catch(() => null);
  if (there?.size === file.size) return;
  onFile?.(file);
  await download(connection, file, to, { tries, waitMs });
}

function access({ endpoint, token, fetch }: Connection): { hubUrl: string; fetch: typeof globalThis.fetch; accessToken?: string } {
  return { hubUrl: endpoint, fetch, ...(token === null ? {} : { accessToken: token }) };
}
