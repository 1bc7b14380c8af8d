/**
 * Curves as stretches: so many points after each other as their extremes, mean and ends, computed where the points lie.
 * A curve of a million points is then read as some thousand rows, in bites that a screen can take between two frames.
 */
import type { Connection, Query } from './connection.js';
import type { Stretch, StretchRequest } from './rows.js';

/** What SQLite says of no row, or of rows that are all not numbers, is null. */
type StretchRow = { readonly [K in keyof Stretch]: Stretch[K] | null };
type PointRow = Pick<Stretch, 'time' | 'seq'> & { readonly step: number; readonly value: number | null };

/** So many points are counted; of more it is told from their density how many there are. */
const counted = 4096;

/** Parts of a long curve whose density is looked at for itself, and the points it is told from at each end. */
const parts = 8;
const probed = 256;

/** Points one after the other. */
interface Span {
  readonly points: number;
  readonly first: number | null;
  readonly last: number | null;
}

export class CurveReader {
  readonly #stretch: Query<StretchRow>;
  readonly #points: Query<PointRow>;
  readonly #first: Query<Span>;
  readonly #latest: Query<Span>;
  readonly #seqAt: Query<{ seq: number }>;
  readonly #ends: Query<{ first: number | null; last: number | null }>;
  readonly #next: Query<Pick<PointRow, 'step' | 'value'>>;
  readonly #keys: Query<{ name: string }>;

  constructor(connection: Connection) {
    const ofCurve = 'run = (SELECT key FROM runs WHERE id = @id) AND key = (SELECT key FROM metric_keys WHERE name = @key)';
    const within = `FROM metrics WHERE ${ofCurve} AND step > @after AND step <= @to`;
    const finite = 'FILTER (WHERE abs(value) < 9e999)';
    this.#stretch = connection.prepare(`SELECT min(step) AS first, max(step) AS last, max(time) AS time, max(seq) AS seq, count(*) AS points, count(*) ${finite} AS finite,
      min(value) ${finite} AS low, max(value) ${finite} AS high, avg(value) ${finite} AS mean FROM (SELECT step, time, seq, value ${within} ORDER BY step LIMIT @points)`);
    this.#points = connection.prepare(`SELECT step, time, seq, value ${within} ORDER BY step LIMIT @limit`);
    const spanOf = (order: 'ASC' | 'DESC') => `SELECT count(*) AS points, min(step) AS first, max(step) AS last FROM (SELECT step ${within} ORDER BY step ${order} LIMIT @limit)`;
    this.#first = connection.prepare(spanOf('ASC'));
    this.#latest = connection.prepare(spanOf('DESC'));
    this.#seqAt = connection.prepare(`SELECT seq FROM metrics WHERE ${ofCurve} AND step = @step`);
    // Two searches of the primary key, where min() and max() in one query would read all between.
    this.#ends = connection.prepare(`SELECT (SELECT min(step) FROM metrics WHERE ${ofCurve}) AS first, (SELECT max(step) FROM metrics WHERE ${ofCurve}) AS last`);
    this.#next = connection.prepare(`SELECT step, value FROM metrics WHERE ${ofCurve} AND step >= @at ORDER BY step LIMIT 1`);
    this.#keys = connection.prepare(`SELECT name FROM metric_keys WHERE substr(name, 1, length(@prefix)) = @prefix
      AND EXISTS (SELECT 1 FROM metrics WHERE run = (SELECT key FROM runs WHERE id = @id) AND key = metric_keys.key) ORDER BY key`);
  }

  /** As `StoreReader.stretches`. */
  stretches(id: string, { key, after, to = Number.MAX_SAFE_INTEGER, points, limit }: StretchRequest): readonly Stretch[] {
    if (points === 1) return this.#points.all({ id, key, after, to, limit }).map(ofPoint);
    const found: Stretch[] = [];
    let from = after;
    while (found.length < limit) {
      const row = this.#stretch.first({ id, key, after: from, to, points });
      if (!row?.points) break;
      const stretch = { ...row, low: row.low ?? Number.NaN, high: row.high ?? Number.NaN, mean: row.mean ?? Number.NaN } as Stretch;
      found.push(stretch);
      if (stretch.points < points) break;
      from = stretch.last;
    }
    return found;
  }

  /** As `StoreReader.curveKeys`. */
  keys(id: string, prefix: string): readonly string[] {
    return this.#keys.all({ id, prefix }).map(({ name }) => name);
  }

  /** As `StoreReader.pointCount`. */
  pointCount(id: string, { key, after, to = Number.MAX_SAFE_INTEGER }: Pick<StretchRequest, 'key' | 'after' | 'to'>): number {
    const { points, first } = this.#first.first({ id, key, after, to, limit: counted })!;
    if (points < counted || first === null) return points;
    const { last } = this.#latest.first({ id, key, after, to, limit: 1 })!;
    const ends = Array.from({ length: parts + 1 }, (_, i) => Math.round(first - 1 + (i / parts) * ((last ?? first) - first + 1)));
    return Math.round(ends.slice(1).reduce((sum, end, i) => sum + this.#estimated({ id, key, after: ends[i], to: end }), 0));
  }

  /** By the density at both ends; where points were logged at another rate from somewhere on, each half by its own. */
  #estimated(within: { readonly id: string; readonly key: string; readonly after: number; readonly to: number }): number {
    const front = this.#first.first({ ...within, limit: probed })!;
    if (front.points < probed) return front.points;
    const [a, b] = [densityOf(front), densityOf(this.#latest.first({ ...within, limit: probed })!)];
    const { after, to } = within;
    if (Math.max(a, b) <= 1.5 * Math.min(a, b)) return ((a + b) / 2) * (to - after);
    const middle = Math.floor((after + to) / 2);
    return this.#estimated({ ...within, to: middle }) + this.#estimated({ ...within, after: middle });
  }

  /** As `StoreReader.sketch`. */
  sketch(id: string, key: string, points: number): { readonly x: number[]; readonly y: number[] } {
    const [x, y]: [number[], number[]] = [[], []];
    const { first, last } = this.#ends.first({ id, key })!;
    if (first === null || last === null) return { x, y };
    for (let i = 0; i < points; i++) {
      const at = Math.max(Math.round(first + (i / Math.max(1, points - 1)) * (last - first)), (x.at(-1) ?? first - 1) + 1);
      const found = at > last ? undefined : this.#next.first({ id, key, at });
      if (found === undefined) break;
      x.push(found.step);
      y.push(found.value ?? NaN);
    }
    return { x, y };
  }

  /** As `StoreReader.stillHolds`. */
  stillHolds(id: string, key: string, { last, seq }: Pick<Stretch, 'last' | 'seq'>): boolean {
    return this.#seqAt.first({ id, key, step: last })?.seq === seq;
  }
}

/** In points a step, of at least two. */
function densityOf({ points, first, last }: Span): number {
  return (points - 1) / ((last ?? 0) - (first ?? 0));
}

function ofPoint({ step, time, seq, value }: PointRow): Stretch {
  const finite = value !== null && Number.isFinite(value);
  const shown = finite ? value : Number.NaN;
  return { first: step, last: step, time, seq, points: 1, finite: finite ? 1 : 0, low: shown, high: shown, mean: shown };
}
