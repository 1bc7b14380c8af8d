/** A search that is watched from a terminal: its table, redrawn; or a line for everything that happens. */
import { setTimeout as wait } from 'node:timers/promises';
import { reconcile, workQueue } from '../runner/client.js';
import type { RunRecord, SearchRecord, StoreReader, TrialRecord } from '../store/rows.js';
import { formatNumber } from '../util/format.js';
import { exit, type ExitCode, type Terminal } from './terminal.js';
import { bestCommand, headline, searchLines, withBest, type RunOf } from './view/search.js';

const pollMilliseconds = 250;
/** How often it is asked whether somebody works on it: what dies without a word changes no record. */
const checkMilliseconds = 5000;

interface Followed {
  readonly store: StoreReader;
  readonly name: string;
  readonly json: boolean;
}

/** Until the search is over or Ctrl-C is pressed; the search does not notice. */
export async function followSearch(terminal: Terminal, home: string, { store, name, json }: Followed): Promise<ExitCode> {
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    const show = json ? () => undefined : terminal.interactive ? redrawn(terminal, store) : told(terminal);
    let checked = performance.now();
    for (let seen = -1; store.searchStates().get(name) === 'running' && !leaving.signal.aborted; ) {
      if (performance.now() - checked > checkMilliseconds) {
        reconcile(home);
        await workQueue(home);
        checked = performance.now();
      }
      // Before the search is read: what is written meanwhile is news the next time.
      const version = store.version();
      if (version !== seen) show(store.search(name));
      seen = version;
      await wait(pollMilliseconds, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
    const search = store.search(name);
    show(search);
    if (json) terminal.json(withBest(search));
    return conclude(terminal, search);
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

/** Says on stderr how to go on from here, and gives the exit code. */
export function conclude(terminal: Terminal, search: SearchRecord): ExitCode {
  const { name, state } = search;
  switch (state) {
    case 'running':
      terminal.note(`workbench: ${name} goes on without this terminal; come back with: workbench search show ${name} --follow`);
      return exit.interrupted;
    case 'stopped':
      terminal.note(`workbench: ${name} was stopped; it goes on with: workbench search resume ${name}`);
      return exit.interrupted;
    case 'completed':
      terminal.note(`workbench: the best is kept; train it again with: ${bestCommand(search) ?? ''}`);
      return exit.done;
    case 'failed':
      terminal.note(`workbench: no trial of ${name} came to its end: workbench search show ${name} says why each did not`);
      return exit.failed;
    default:
      return state satisfies never;
  }
}

/** The run of a trial as the store has it now. */
export function runsOf(store: StoreReader): RunOf {
  const byId = new Map<string, RunRecord>(store.runs().map((run) => [run.id, run]));
  return ({ run }) => (run === null ? null : (byId.get(run) ?? null));
}

/** The table in the place of the one before. */
function redrawn(terminal: Terminal, store: StoreReader): (search: SearchRecord) => void {
  let drawn = 0;
  return (search) => {
    const width = terminal.width - 1;
    const lines = searchLines(search, { style: terminal.style, width, runOf: runsOf(store), most: Math.max(3, terminal.height - 5) });
    terminal.write(`${drawn === 0 ? '' : `\u001b[${drawn}A`}\r\u001b[0J${lines.join('\n')}\n`);
    drawn = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(visible(line) / terminal.width)), 0);
  };
}

function visible(line: string): number {
  // eslint-disable-next-line no-control-regex -- colours take no room
  return line.replaceAll(/\u001b\[[\d;]*m/g, '').length;
}

/** What is new since the last look, a line each. */
function told(terminal: Terminal): (search: SearchRecord) => void {
  let before: SearchRecord | null = null;
  return (search) => {
    for (const trial of search.trials) newsOf(search, trial, before?.trials.find(({ number }) => number === trial.number) ?? null).forEach((line) => terminal.print(line));
    if (before !== null && before.state !== search.state) terminal.print(headline(search, terminal.style));
    before = search;
  };
}

function newsOf({ plan }: SearchRecord, { name, measured, rung, lost }: TrialRecord, before: TrialRecord | null): string[] {
  const at = (index: number): string => (plan.rungs[index] === undefined ? 'the end' : `update ${plan.rungs[index]}`);
  return [
    ...measured.slice(before?.measured.length ?? 0).map((value, i) => `${name}  ${plan.metric} ${value === null ? 'is not a number' : formatNumber(value)} at ${at((before?.measured.length ?? 0) + i)}`),
    ...(lost !== null && (before?.lost ?? null) === null ? [`${name}  is out: ${lost}`] : []),
    ...(rung > (before?.rung ?? 0) ? [`${name}  goes on to ${at(rung)}`] : []),
  ];
}
