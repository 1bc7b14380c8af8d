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

export class CurveReader {
  readonly #stretch: Query<StretchRow>;
  readonly #points: Query<PointRow>;
  readonly #count: Query<{ points: number; first: number | null; last: number | null }>;
  readonly #last: Query<{ last: number | null }>;
  readonly #seqAt: Query<{ seq: number }>;
  readonly #ends: Query<{ first: number | null; last: number | null }>;
  readonly #next: Query<Pick<PointRow, 'step' | 'value'>>;

  constructor(connection: Connection) {
    const ofCurve = 'run = (SELECT key FROM runs WHERE id = @id) AND key = (SELECT key FROM metric_keys WHERE name = @key)';
    const within = `FROM metrics WHERE ${ofCurve} AND step > @after AND step <= @to`;
    const finite = 'FILTER (WHERE abs(value) < 9e999)';
    this.#stretch = connection.prepare(`SELECT min(step) AS first, max(step) AS last, max(time) AS time, max(seq) AS seq, count(*) AS points, count(*) ${finite} AS finite,
      min(value) ${finite} AS low, max(value) ${finite} AS high, avg(value) ${finite} AS mean FROM (SELECT step, time, seq, value ${within} ORDER BY step LIMIT @points)`);
    this.#points = connection.prepare(`SELECT step, time, seq, value ${within} ORDER BY step LIMIT @limit`);
    this.#count = connection.prepare(`SELECT count(*) AS points, min(step) AS first, max(step) AS last FROM (SELECT step ${within} ORDER BY step LIMIT ${counted})`);
    this.#last = connection.prepare(`SELECT max(step) AS last ${within}`);
    this.#seqAt = connection.prepare(`SELECT seq FROM metrics WHERE ${ofCurve} AND step = @step`);
    // Two searches of the primary key, where min() and max() in one query would read all between.
    this.#ends = connection.prepare(`SELECT (SELECT min(step) FROM metrics WHERE ${ofCurve}) AS first, (SELECT max(step) FROM metrics WHERE ${ofCurve}) AS last`);
    this.#next = connection.prepare(`SELECT step, value FROM metrics WHERE ${ofCurve} AND step >= @at ORDER BY step LIMIT 1`);
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

  /** As `StoreReader.pointCount`. */
  pointCount(id: string, { key, after, to = Number.MAX_SAFE_INTEGER }: Pick<StretchRequest, 'key' | 'after' | 'to'>): number {
    const { points, first, last } = this.#count.first({ id, key, after, to })!;
    if (points < counted || first === null || last === null) return points;
    const end = this.#last.first({ id, key, after, to })?.last ?? last;
    return Math.round((points * (end - first + 1)) / (last - first + 1));
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

function ofPoint({ step, time, seq, value }: PointRow): Stretch {
  const finite = value !== null && Number.isFinite(value);
  const shown = finite ? value : Number.NaN;
  return { first: step, last: step, time, seq, points: 1, finite: finite ? 1 : 0, low: shown, high: shown, mean: shown };
}
