/** Runs that branched from runs, as families. */
import type { RunRecord } from '../../../store/rows.js';

export interface Families {
  /** A root, then its branches, each followed by its own; families in the order of their first run here. */
  readonly rows: readonly RunRecord[];
  /** How many runs it is from its root, by id; roots are not in it. */
  readonly depths: ReadonlyMap<string, number>;
}

/** A run whose parent is not among them is a root. */
export function familiesOf(runs: readonly RunRecord[]): Families {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const children = new Map<string, RunRecord[]>();
  for (const run of runs) if (run.parent !== null && byId.has(run.parent)) children.set(run.parent, [...(children.get(run.parent) ?? []), run]);
  if (children.size === 0) return { rows: runs, depths: new Map() };
  const rows: RunRecord[] = [];
  const depths = new Map<string, number>();
  const placed = new Set<string>();
  const place = (run: RunRecord, depth: number): void => {
    if (placed.has(run.id)) return;
    placed.add(run.id);
    rows.push(run);
    if (depth > 0) depths.set(run.id, depth);
    for (const child of (children.get(run.id) ?? []).toReversed()) place(child, depth + 1);
  };
  for (const run of runs) place(rootOf(run, byId), 0);
  return { rows, depths };
}

/** From the root to the run itself. */
export function ancestryOf(run: RunRecord, runs: readonly RunRecord[]): readonly RunRecord[] {
  const line = [run];
  for (let at = run; at.parent !== null; ) {
    const parent = runs.find(({ id }) => id === at.parent);
    if (parent === undefined || line.includes(parent)) break;
    line.unshift(parent);
    at = parent;
  }
  return line;
}

export function branchesOf({ id }: RunRecord, runs: readonly RunRecord[]): readonly RunRecord[] {
  return runs.filter(({ parent }) => parent === id);
}

function rootOf(run: RunRecord, byId: ReadonlyMap<string, RunRecord>): RunRecord {
  const seen = new Set<string>();
  let at = run;
  while (at.parent !== null && !seen.has(at.id)) {
    seen.add(at.id);
    const parent = byId.get(at.parent);
    if (parent === undefined) break;
    at = parent;
  }
  return at;
}
