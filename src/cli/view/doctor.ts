/** What works on this machine, what does not, and what to do about it. */
import type { ProbedEngine } from '../../engine/registry.js';
import { wrap } from '../../ui/format/text.js';
import { formatBytes, formatCount } from '../../util/format.js';
import type { Style } from '../terminal.js';

export interface StoreHealth {
  readonly home: string;
  /** Null where the store cannot be opened. */
  readonly runs: number | null;
  readonly problems: readonly string[];
}

export interface Examination {
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
  readonly terminal: {
    readonly interactive: boolean;
    readonly type: string | null;
    readonly columns: number;
    readonly rows: number | null;
    readonly colors: boolean;
    readonly unicode: boolean;
  };
  readonly store: StoreHealth;
  readonly models: { readonly paths: readonly string[]; readonly usable: number };
  readonly engines: readonly ProbedEngine[];
}

const margin = ' '.repeat(8);

type Verdict = 'ok' | 'no' | 'note';

/** No line is wider than `width`; what goes on below stands under what it belongs to. */
export function doctorLines(examination: Examination, style: Style, width = Infinity): string[] {
  const { node, platform, cores, memory_bytes, available_memory_bytes, terminal, store, models, engines } = examination;
  const indented = (text: string) => wrap(text, width - margin.length);
  const line = (verdict: Verdict, text: string, remedy: string | null = null): string[] => [
    ...indented(text).map((part, i) => `${i > 0 ? margin : `  ${style.paint(verdict.padEnd(4), verdict === 'ok' ? 'good' : verdict === 'no' ? 'bad' : 'warn')}  `}${part}`),
    ...(remedy === null ? [] : indented(remedy).map((part) => `${margin}${style.paint(part, 'accent')}`)),
  ];
  const section = (title: string, lines: readonly string[]): string[] => [style.paint(title, 'muted'), ...lines];
  return [
    ...section('machine', [
      ...line('ok', `Node ${node}, ${platform}, ${cores} ${cores === 1 ? 'core' : 'cores'}`),
      ...line(available_memory_bytes > 1e9 ? 'ok' : 'note', `${formatBytes(available_memory_bytes)} of ${formatBytes(memory_bytes)} memory available`),
    ]),
    ...section('terminal', terminalLines(terminal, line)),
    ...section('store', [
      ...(store.runs === null ? [] : line('ok', `${store.home}, ${formatCount(store.runs)} ${store.runs === 1 ? 'run' : 'runs'}`)),
      ...store.problems.flatMap((problem) => line('no', problem, store.runs === null ? null : 'Copy runs/ away before anything else; a backup may lie beside workbench.db.')),
    ]),
    ...section('models', line(models.usable > 0 ? 'ok' : 'note', `${models.usable} usable in ${models.paths.join(', ')}`, models.usable > 0 ? null : 'Set WORKBENCH_MODELS to a folder of Hugging Face folders, or name one in the experiment.')),
    ...section(
      'engines',
      engines.flatMap(({ engine, rows }) => rows.flatMap(({ device, available, detail, remedy }) => line(available ? 'ok' : 'no', `${engine} on ${device}: ${detail}`, remedy))),
    ),
  ];
}

function terminalLines(terminal: Examination['terminal'], line: (verdict: Verdict, text: string, remedy?: string | null) => string[]): string[] {
  if (!terminal.interactive) return line('note', `stdout is not a terminal (TERM=${terminal.type ?? ''})`, 'The screen needs one; every command works without.');
  const small = terminal.columns < 80 || (terminal.rows ?? 0) < 24;
  return [
    ...line(small ? 'note' : 'ok', `${terminal.columns}×${terminal.rows ?? '?'}, TERM=${terminal.type ?? ''}`, small ? 'The screen is made for 80×24 and more.' : null),
    ...line(terminal.colors ? 'ok' : 'note', terminal.colors ? 'colours' : 'no colours (NO_COLOR, or the terminal has none)'),
    ...line(terminal.unicode ? 'ok' : 'note', terminal.unicode ? 'Unicode' : 'no Unicode: lines are drawn in ASCII', terminal.unicode ? null : 'Set LANG to a UTF-8 locale, for example C.UTF-8.'),
  ];
}
