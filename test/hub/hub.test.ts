import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectSocket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Repo } from '../../src/hub/connection.js';
import { pull } from '../../src/hub/pull.js';
import { push } from '../../src/hub/push.js';
import { Hub } from './server.js';

let hub: Hub;
let folder: string;
beforeEach(async () => {
  hub = new Hub();
  await hub.open();
  folder = mkdtempSync(join(tmpdir(), 'workbench-hub-'));
});
afterEach(() => {
  hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}) => ({ HOME: folder, HF_ENDPOINT: `${hub.url}/`, HF_HOME: join(folder, 'hf'), ...more });
const repo: Repo = { type: 'model', name: 'me/tiny' };
const asked = { repo, revision: 'main', out: null, tries: 3, waitMs: 1 } as const;
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));

describe('pull', () => {
  beforeEach(() => {
    hub.files.set('config.json', Buffer.from('{}'));
    hub.files.set('sub/model.safetensors', weights);
    hub.files.set('empty.txt', Buffer.alloc(0));
  });

  it('fills the cache as Hugging Face’s programs do, and asks for nothing twice', async () => {
    const snapshot = await pull(connect(env()), asked);
    const store = join(folder, 'hf/hub/models--me--tiny');
    expect(snapshot).toBe(join(store, 'snapshots', hub.commit));
    expect(readFileSync(join(store, 'refs/main'), 'utf8')).toBe(hub.commit);
    expect(readFileSync(join(snapshot, 'sub/model.safetensors')).equals(weights)).toBe(true);
    expect(readlinkSync(join(snapshot, 'sub/model.safetensors'))).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    const downloads = () => hub.requests.filter((line) => line.includes('/resolve/')).length;
    expect(downloads()).toBe(3);
    await pull(connect(env()), asked);
    expect(downloads()).toBe(3);
  });

  it('tries again when a connection was cut', async () => {
    hub.files.delete('config.json');
    hub.cuts.push(100_000, 50_000, 60_000, 1000);
    const out = join(folder, 'out');
    await pull(connect(env()), { ...asked, out, tries: 6 });
    expect(readFileSync(join(out, 'sub/model.safetensors')).equals(weights)).toBe(true);
    expect(hub.requests.filter((line) => line.endsWith('model.safetensors'))).toHaveLength(5);
  });

  it('keeps what came when it gives up, and goes on from there the next time', async () => {
    hub.files.delete('config.json');
    hub.cuts.push(0, 0, 0);
    const out = join(folder, 'out');
    mkdirSync(join(out, 'sub'), { recursive: true });
    writeFileSync(join(out, 'sub/model.safetensors.incomplete'), weights.subarray(0, 120_000));
    await expect(pull(connect(env()), { ...asked, out })).rejects.toThrow('cannot be reached');
    await pull(connect(env()), { ...asked, out });
    expect(hub.ranges).toEqual(new Array(4).fill('bytes=120000-'));
    expect(readFileSync(join(out, 'sub/model.safetensors')).equals(weights)).toBe(true);
  });

  it('keeps nothing whose hash is another', async () => {
    hub.files.delete('config.json');
    hub.forged = Buffer.from(weights).fill(7, 1000, 1001);
    hub.files.delete('empty.txt');
    const out = join(folder, 'out');
    await expect(pull(connect(env()), { ...asked, out })).rejects.toThrow('its SHA-256 is another');
    expect(existsSync(join(out, 'sub/model.safetensors'))).toBe(false);
    hub.forged = null;
    await pull(connect(env()), { ...asked, out });
  });

  it('replaces a file of its own folder that is not the hub’s', async () => {
    const out = join(folder, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'config.json'), '[]');
    await pull(connect(env()), { ...asked, out });
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe('{}');
  });

  it('writes nothing outside its folder', async () => {
    hub.files.set('../evil', Buffer.from('x'));
    await expect(pull(connect(env()), asked)).rejects.toThrow('would lie outside its folder');
    await expect(pull(connect(env()), { ...asked, revision: '../x' })).rejects.toThrow('is no revision');
  });

  it('says what is wrong', async () => {
    await expect(pull(connect(env()), { ...asked, repo: { type: 'dataset', name: 'me/missing' } })).rejects.toThrow('has no dataset me/missing');
    await expect(pull(connect(env()), { ...asked, repo: { type: 'model', name: 'me/gated' } })).rejects.toThrow('if it is private or gated, set HF_TOKEN');
    expect(() => connect(env({ HF_HUB_OFFLINE: '1' }))).toThrow('HF_HUB_OFFLINE is set');
    const connection = connect(env());
    hub.close();
    await expect(pull(connection, asked)).rejects.toThrow(/cannot be reached \(ECONN\w+\): is there a network/);
  });

  it('goes through a proxy', async () => {
    let tunnels = 0;
    const proxy = createServer().on('connect', ({ url }, client) => {
      tunnels++;
      const [host, port] = (url ?? '').split(':');
      const server = connectSocket(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.pipe(client).pipe(server);
      });
      for (const socket of [server, client]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await pull(connect(env({ HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` })), asked);
    expect(tunnels).toBeGreaterThan(0);
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe('push', () => {
  const task = () => ({ repo, folder: join(folder, 'model'), isPrivate: true, message: 'first' });
  beforeEach(() => {
    mkdirSync(join(folder, 'model/onnx'), { recursive: true });
    writeFileSync(join(folder, 'model/README.md'), '# ä');
    writeFileSync(join(folder, 'model/.secret'), 'x');
    writeFileSync(join(folder, 'model/onnx/w.safetensors'), weights);
  });

  it('makes the repository and sends every file that is not hidden, whole', async () => {
    hub.exists = false;
    expect(await push(connect(env({ HF_TOKEN: 'hf_x' })), task())).toBe(`${hub.url}/me/tiny`);
    expect(hub.created).toMatchObject({ name: 'tiny', organization: 'me', visibility: 'private' });
    expect([...hub.files.keys()].sort()).toEqual(['README.md', 'onnx/w.safetensors']);
    expect(hub.files.get('README.md')?.toString()).toBe('# ä');
    expect(hub.files.get('onnx/w.safetensors')?.equals(weights)).toBe(true);
  });

  it('leaves a repository that is there what it is; the token may be in its file', async () => {
    mkdirSync(join(folder, 'hf'));
    writeFileSync(join(folder, 'hf/token'), 'hf_file\n');
    await push(connect(env()), task());
    expect(hub.created).toBeNull();
    expect(await pull(connect(env()), { ...asked, out: join(folder, 'back') })).toBe(join(folder, 'back'));
    expect(readFileSync(join(folder, 'back/onnx/w.safetensors')).equals(weights)).toBe(true);
  });

  it('asks for a token and a name', async () => {
    await expect(push(connect(env()), task())).rejects.toThrow('set HF_TOKEN');
    await expect(push(connect(env({ HF_TOKEN: 'hf_x' })), { ...task(), repo: { type: 'model', name: 'tiny' } })).rejects.toThrow('give owner/name');
  });
});
