/** Facts of a run as short texts. */
import type { RunRecord, RunState } from '../../store/rows.js';
import { formatNumber } from '../../util/format.js';
import type { Tone } from '../theme.js';
import type { Span } from './line.js';
import { clean } from './text.js';

/** How a run is called in a sentence. Names of old stores and of adopted folders may hold anything. */
export function called({ name, id }: Pick<RunRecord, 'name' | 'id'>): string {
  return `${clean(name)} (${id})`;
}

const tones: { readonly [S in RunState]: Tone } = { queued: 'muted', running: 'accent', paused: 'warn', completed: 'good', stopped: 'muted', failed: 'bad', crashed: 'bad' };

export function stateSpan({ state }: RunRecord): Span {
  return { text: state, tone: tones[state] };
}

/** An end that nobody wished for stands out. */
export function reasonTone({ state }: RunRecord): Tone {
  return state === 'failed' || state === 'crashed' ? 'bad' : 'muted';
}

/** As many significant digits as fit into `width` columns: "0.4213", "4.62e-4", in 6 columns "4.6e-4". */
export function fitNumber(value: number, width: number): string {
  const exact = formatNumber(value);
  if (exact.length <= width || !Number.isFinite(value)) return exact;
  const shorter = value.toExponential(1);
  return shorter.length <= width ? shorter : value.toExponential(0);
}

/** The last part of a path: enough to know a model or a dataset by. The Hugging Face cache keeps a model under a hash. */
export function baseName(path: string): string {
  const cached = /models--([^/\\]+)[/\\]snapshots/.exec(path)?.[1].split('--').at(-1);
  return cached ?? path.split(/[/\\]/).filter((part) => part !== '').at(-1) ?? path;
}

/** "now", "5m", "3h", "12d": how long ago, in one unit. */
export function ageText(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 60) return 'now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Seconds it has worked, up to `now` (milliseconds since 1970): neither pauses nor what lies between its parts; null before the start. */
export function runSeconds({ worked_seconds: worked, working_since: since }: Pick<RunRecord, 'worked_seconds' | 'working_since'>, now: number): number | null {
  return worked === null ? null : worked + (since === null ? 0 : Math.max(0, (now - Date.parse(since)) / 1000));
}
