/** What works on this machine, what does not, and what to do about it: the same for the screen and `workbench doctor`. */
import { formatBytes, formatCount } from '../../../util/format.js';

export interface EngineRow {
  readonly device: string;
  readonly available: boolean;
  readonly detail: string;
  readonly remedy: string | null;
}

export interface MachineFacts {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
}

export interface TerminalFacts {
  readonly interactive: boolean;
  readonly type: string | null;
  readonly columns: number;
  readonly rows: number | null;
  readonly colors: boolean;
  /** 1, 4, 8 or 24 bits a colour. */
  readonly color_depth: number;
  readonly unicode: boolean;
  /** Plain characters were asked for. */
  readonly ascii: boolean;
  readonly ssh: boolean;
  /** How long the terminal takes to answer a question; null where it does not. */
  readonly answers_after_ms: number | null;
}

export interface StoreHealth {
  readonly home: string;
  /** Null where the store cannot be opened. */
  readonly runs: number | null;
  readonly bytes: number;
  /** The newest last. */
  readonly backups: readonly { readonly name: string; readonly bytes: number; readonly time: string }[];
  /** Stores that were kept aside when they were made anew. */
  readonly damaged: readonly { readonly name: string; readonly bytes: number; readonly time: string }[];
  readonly problems: readonly string[];
  /** When the whole of it was last looked at, ISO 8601; null where that is not within a day. */
  readonly checked_at: string | null;
}

export interface CacheFacts {
  readonly name: 'tokens' | 'preview' | 'scratch';
  readonly path: string;
  readonly bytes: number;
}

/** As `workbench doctor --json` prints it. */
export interface Examination extends MachineFacts {
  readonly versions: Readonly<Record<string, string>>;
  readonly terminal: TerminalFacts;
  readonly store: StoreHealth;
  readonly caches: readonly CacheFacts[];
  readonly models: { readonly paths: readonly string[]; readonly usable: number };
  readonly engines: readonly { readonly engine: string; readonly rows: readonly EngineRow[] }[];
}

/** What has been found so far; checks take from nothing to some seconds. */
export type Findings = Partial<Examination>;

export interface Finding {
  readonly verdict: 'ok' | 'no' | 'note';
  readonly text: string;
  readonly remedy: string | null;
}

export interface Section {
  readonly title: string;
  /** Null while it is being looked at. */
  readonly findings: readonly Finding[] | null;
}

const ok = (text: string): Finding => ({ verdict: 'ok', text, remedy: null });
const note = (text: string, remedy: string | null = null): Finding => ({ verdict: 'note', text, remedy });
const no = (text: string, remedy: string | null = null): Finding => ({ verdict: 'no', text, remedy });

export function sectionsOf(found: Findings): Section[] {
  return [
    { title: 'machine', findings: found.node === undefined ? null : machine(found as MachineFacts) },
    { title: 'terminal', findings: found.terminal ? terminal(found.terminal) : null },
    { title: 'store', findings: found.store ? store(found.store) : null },
    { title: 'models', findings: found.models ? models(found.models) : null },
    { title: 'engines', findings: found.engines ? found.engines.flatMap(({ engine, rows }) => rows.map(({ device, available, detail, remedy }): Finding => ({ verdict: available ? 'ok' : 'no', text: `${engine} on ${device}: ${detail}`, remedy }))) : null },
    { title: 'caches', findings: found.caches ? found.caches.map(({ name, path, bytes }) => ok(`${name}: ${formatBytes(bytes)} in ${path}`)) : null },
    { title: 'versions', findings: found.versions ? [ok(Object.entries(found.versions).map(([name, version]) => `${name} ${version}`).join(', '))] : null },
  ];
}

function machine({ node, platform, cores, memory_bytes: all, available_memory_bytes: free }: MachineFacts): Finding[] {
  const memory = `${formatBytes(free)} of ${formatBytes(all)} memory available`;
  return [ok(`Node ${node}, ${platform}, ${cores} ${cores === 1 ? 'core' : 'cores'}`), free > 1e9 ? ok(memory) : note(memory)];
}

/** Above this a key is felt. */
const slowMs = 150;

function terminal({ interactive, type, columns, rows, colors, color_depth: depth, unicode, ascii, ssh, answers_after_ms: latency }: TerminalFacts): Finding[] {
  if (!interactive) return [note(`stdout is not a terminal (TERM=${type ?? ''})`, 'The screen needs one; every command works without.')];
  const size = `${columns}x${rows ?? '?'}, TERM=${type ?? ''}`;
  const answered = latency === null ? null : `it answers after ${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms${ssh ? ', over SSH' : ''}`;
  return [
    columns < 80 || (rows ?? 0) < 24 ? note(size, 'The screen is made for 80x24 and more.') : ok(size),
    colors ? ok(`${2 ** depth > 1e6 ? '16 million' : 2 ** depth} colours; 16 are used`) : note('no colours (NO_COLOR, or the terminal has none)'),
    unicode ? ok('Unicode') : ascii ? ok('plain characters, as asked (--ascii, WORKBENCH_ASCII)') : note('no Unicode: lines are drawn in ASCII', 'Set LANG to a UTF-8 locale, for example C.UTF-8.'),
    ...(answered === null ? (ssh ? [ok('over SSH')] : []) : [(latency ?? 0) > slowMs ? note(answered, 'Keys are felt late; runs are not. A live run draws at most once a second.') : ok(answered)]),
  ];
}

function store({ home, runs, bytes, backups, damaged, problems, checked_at }: StoreHealth): Finding[] {
  const newest = backups.at(-1);
  return [
    ...(runs === null ? [] : [ok(`${home}, ${formatCount(runs)} ${runs === 1 ? 'run' : 'runs'}, ${formatBytes(bytes)}${problems.length === 0 && checked_at !== null ? `, whole as of ${shortTime(checked_at)}` : ''}`)]),
    ...(runs === null || checked_at !== null ? [] : [note('too large to be looked at while you wait: that is done in the background')]),
    ...problems.map((problem) => no(problem, runs === null ? 'Copy runs/ away before anything else; a backup may lie beside workbench.db.' : null)),
    ...(newest ? [ok(`${backups.length} ${backups.length === 1 ? 'backup' : 'backups'}, the newest of ${shortTime(newest.time)} (${newest.name}, ${formatBytes(newest.bytes)})`)] : [note('no backup yet: one a day is made when runs are started')]),
    ...damaged.map(({ name, bytes: size, time }) => note(`a damaged store of ${shortTime(time)} is kept as ${name} (${formatBytes(size)})`, 'Nothing reads it any more: delete it once you miss nothing.')),
  ];
}

/** To the minute, in UTC as ISO 8601 has it. */
function shortTime(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

function models({ paths, usable }: Examination['models']): Finding[] {
  const text = `${usable} usable in ${paths.join(', ')}`;
  return [usable > 0 ? ok(text) : note(text, 'Set WORKBENCH_MODELS to a folder of Hugging Face folders, or name one in the experiment.')];
}
