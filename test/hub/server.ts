/** A model hub on loopback: the endpoints that the official client asks, and nothing else. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Hub {
  readonly files = new Map<string, Buffer>();
  readonly requests: string[] = [];
  readonly ranges: string[] = [];
  readonly commit = 'c'.repeat(40);
  exists = true;
  created: Record<string, unknown> | null = null;
  /** The connection breaks after so many bytes of a file, once for each number. */
  readonly cuts: number[] = [];
  /** Sent instead of what the list promises. */
  forged: Buffer | null = null;
  readonly #server: Server;
  readonly #large = new Map<string, Buffer>();

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '', this.url);
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    this.requests.push(`${request.method} ${path}`);
    const json = (value: unknown, status = 200): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (path === '/api/repos/create') {
      this.created = JSON.parse(body.toString()) as Record<string, unknown>;
      this.exists = true;
      return json({ url: this.url, id: 'x' });
    }
    if (path.startsWith('/lfs/')) {
      this.#large.set(path.slice(5), body);
      return void response.end();
    }
    if (!this.exists || path.includes('missing')) return json({ error: 'Repository not found' }, 404);
    if (path.includes('gated')) return json({ error: 'Access to it is restricted' }, 403);
    if (path.includes('/preupload/')) return json({ files: (JSON.parse(body.toString()) as { files: { path: string }[] }).files.map((file) => ({ path: file.path, uploadMode: file.path.endsWith('.safetensors') ? 'lfs' : 'regular' })) });
    if (path.endsWith('/info/lfs/objects/batch')) return json({ transfer: 'basic', objects: (JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] }).objects.map((each) => ({ ...each, actions: { upload: { href: `${this.url}/lfs/${each.oid}`, header: {} } } })) });
    if (path.includes('/commit/')) {
      for (const line of body.toString().split('\n')) {
        const { key, value } = JSON.parse(line) as { key: string; value: { path: string; content: string; oid: string } };
        if (key === 'file') this.files.set(value.path, Buffer.from(value.content, 'base64'));
        if (key === 'lfsFile') this.files.set(value.path, this.#large.get(value.oid)!);
      }
      return json({ commitOid: this.commit, commitUrl: this.url, success: true });
    }
    if (path.includes('/tree/')) return json([...this.files].map(([name, data]) => listed(name, data)));
    if (path.includes('/resolve/')) return this.#send(decodeURIComponent(path.split(`/resolve/${this.commit}/`)[1]), request, response);
    return json({ _id: 'x', id: 'x', sha: this.commit, siblings: [] });
  }

  #send(name: string, { headers: { range } }: IncomingMessage, response: ServerResponse): void {
    const data = this.forged ?? this.files.get(name)!;
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (range !== undefined) this.ranges.push(range);
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': data.length - from });
    const cut = this.cuts.shift();
    if (cut === undefined) response.end(data.subarray(from));
    else {
      response.write(data.subarray(from, from + cut));
      response.socket?.end(); // what was written still comes, and then no more
    }
  }
}

/** As a tree lists a file: large ones by the SHA-256 of their content, others by git's name. */
function listed(path: string, data: Buffer): object {
  const oid = createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { type: 'file', path, size: data.length, oid, ...(path.endsWith('.safetensors') ? { lfs: { oid: sha256, size: data.length, pointerSize: 100 } } : {}) };
}
