/** How a model hub is reached: everything by the environment variables that Hugging Face's own programs read. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvHttpProxyAgent, fetch as undiciFetch } from 'undici';
import { HubApiError } from '@huggingface/hub';
import { messageOf, UserError } from '../util/errors.js';

export type RepoType = 'model' | 'dataset';

export interface Repo {
  readonly type: RepoType;
  /** `owner/name`, or a name alone for old ones. */
  readonly name: string;
}

export interface Connection {
  /** HF_ENDPOINT, without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | null;
  /** Where snapshots are kept. */
  readonly cache: string;
  /** Through HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly fetch: typeof fetch;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a UserError where HF_HUB_OFFLINE forbids it. */
export function connect(env: Environment): Connection {
  if (/^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? '')) throw new UserError('HF_HUB_OFFLINE is set, so no hub is asked; unset it to push or pull.');
  const home = env['HF_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'huggingface');
  const setting = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name];
  const dispatcher = new EnvHttpProxyAgent({ httpProxy: setting('HTTP_PROXY'), httpsProxy: setting('HTTPS_PROXY'), noProxy: setting('NO_PROXY') });
  // undici's types of Request and Response are those of Node's own fetch, under other names.
  const through = ((url: string, init?: object) => undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch;
  return { endpoint: (env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, ''), token: tokenOf(env, home), cache: env['HF_HUB_CACHE'] ?? join(home, 'hub'), fetch: through };
}

/** HF_TOKEN, or the file that `huggingface-cli login` writes. */
function tokenOf(env: Environment, home: string): string | null {
  if (env['HF_TOKEN']) return env['HF_TOKEN'];
  try {
    return readFileSync(env['HF_TOKEN_PATH'] ?? join(home, 'token'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** What a hub or the way to it answers, as a sentence; other errors as they are. */
export function explained(error: unknown, { endpoint, token }: Connection, repo: Repo): unknown {
  if (error instanceof HubApiError) {
    switch (error.statusCode) {
      case 401:
      case 403:
        return new UserError(`${endpoint} does not give access to the ${repo.type} ${repo.name}${token === null ? '; if it is private or gated, set HF_TOKEN' : ' with this token: does it exist, and has the token the right to it?'} (${error.message})`);
      case 404:
        return new UserError(`${endpoint} has no ${repo.type} ${repo.name}, or no such revision of it (a private one is only shown with HF_TOKEN).`);
      default:
        return new UserError(`${endpoint} refused: ${error.message}`);
    }
  }
  const code = networkCode(error);
  if (code !== null) return new UserError(`${endpoint} cannot be reached (${code}): is there a network? HTTPS_PROXY names a proxy, HF_ENDPOINT a mirror.`, { cause: error });
  return error;
}

/** The code of an error of the network, ECONNREFUSED and its kin; null for any other error. */
export function networkCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { cause, code } = error as Error & { code?: unknown };
  if (typeof code === 'string' && /^(E[A-Z_]+|UND_ERR_\w+)$/.test(code) && !/^E(NOENT|ACCES|PERM|NOSPC|DQUOT|ISDIR|NOTDIR|ROFS|XIST)/.test(code)) return code;
  if (cause instanceof Error) return networkCode(cause) ?? (error.message === 'fetch failed' ? messageOf(cause) : null);
  return error.message === 'terminated' || error.message === 'fetch failed' ? error.message : null;
}
