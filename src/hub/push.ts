/** A folder to a hub, as one commit. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRepo, repoExists, uploadFiles } from '@huggingface/hub';
import { UserError } from '../util/errors.js';
import { explained, type Connection, type Repo } from './connection.js';

export interface PushOptions {
  readonly repo: Repo;
  readonly folder: string;
  /** Of a repository that is made for it; one that is there stays what it is. */
  readonly isPrivate: boolean;
  readonly message: string;
}

/** The files of a folder that would be pushed, hidden ones left out; by their paths in it, sorted. */
export async function filesToPush(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return paths.filter((path) => !/(^|\/)\./.test(path)).sort();
}

/** Resolves with the address. The repository is made where it is not there; its other files stay. Throws UserErrors. */
export async function push(connection: Connection, { repo, folder, isPrivate, message }: PushOptions): Promise<string> {
  const { endpoint: hubUrl, token, fetch } = connection;
  if (token === null) throw new UserError(`Pushing needs a token with the right to write: set HF_TOKEN (from ${hubUrl}/settings/tokens).`);
  if (!token.startsWith('hf_')) throw new UserError('HF_TOKEN is no token of a hub: those begin with hf_.');
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo.name)) throw new UserError(`"${repo.name}" is no name of a repository: give owner/name.`);
  const paths = await filesToPush(folder);
  if (paths.length === 0) throw new UserError(`${folder} has no files to push.`);
  const access = { repo: { ...repo }, accessToken: token, hubUrl, fetch };
  try {
    if (!(await repoExists(access))) await createRepo({ ...access, visibility: isPrivate ? 'private' : 'public' });
    await uploadFiles({ ...access, commitTitle: message, files: paths.map((path) => ({ path, content: pathToFileURL(join(folder, path)) })) });
  } catch (error) {
    throw explained(error, connection, repo);
  }
  return `${hubUrl}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.name}`;
}
