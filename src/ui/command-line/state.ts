/** The command line: a text being typed, what could complete it, and what commands have said. */
import type { Line } from '../format/line.js';
import { line } from '../format/line.js';
import { fieldOf, reduceField } from '../widgets/field.js';
import type { Field, FieldAction } from '../widgets/field.js';
import type { Completion } from './commands.js';

export interface CommandState {
  readonly open: boolean;
  readonly field: Field;
  /** Of `completed`; null until it is known. */
  readonly completion: Completion | null;
  /** The text that the completion is of. */
  readonly completed: Field;
  /** Tab was pressed before the completion was known. */
  readonly wanted: 1 | -1 | null;
  /** The word that has taken the place of what was typed; null while none has. */
  readonly chosen: number | null;
  readonly output: readonly Line[];
  /** Rows scrolled up from the end of the output. */
  readonly scroll: number;
  /** The line that is being run. */
  readonly running: string | null;
  /** Lines entered meanwhile. */
  readonly waiting: readonly { readonly line: string; readonly confirmed: boolean }[];
  /** Earlier lines, the newest last. */
  readonly history: readonly string[];
  /** The one shown; null while a new line is typed. */
  readonly recalled: number | null;
  /** What was typed before an earlier line was looked up. */
  readonly kept: string;
}

export type CommandAction =
  | { readonly type: 'open'; readonly text: string }
  | { readonly type: 'close' }
  | { readonly type: 'type'; readonly action: FieldAction }
  | { readonly type: 'completed'; readonly field: Field; readonly completion: Completion }
  | { readonly type: 'choose'; readonly by: 1 | -1 }
  | { readonly type: 'recall'; readonly by: 1 | -1 }
  | { readonly type: 'history'; readonly lines: readonly string[] }
  | { readonly type: 'begun'; readonly line: string }
  | { readonly type: 'said'; readonly lines: readonly Line[] }
  | { readonly type: 'waits'; readonly line: string; readonly confirmed: boolean }
  | { readonly type: 'ended' }
  | { readonly type: 'scroll'; readonly by: number };

/** Lines of output that are kept. */
const most = 5000;

const empty = fieldOf('');

export const initialCommand: CommandState = {
  open: false, field: empty, completion: null, completed: empty, wanted: null, chosen: null, output: [], scroll: 0, running: null, waiting: [], history: [], recalled: null, kept: '',
};

export function reduceCommand(state: CommandState, action: CommandAction): CommandState {
  switch (action.type) {
    case 'open':
      return { ...retyped(state, fieldOf(action.text)), open: true };
    case 'close':
      return { ...state, open: false, scroll: 0 };
    case 'type':
      return retyped(state, reduceField(state.field, action.action));
    case 'completed':
      return action.field === state.field ? whenKnown({ ...state, completion: action.completion, completed: action.field, chosen: null }) : state;
    case 'choose':
      return choose(state, action.by);
    case 'recall':
      return recall(state, action.by);
    case 'history':
      return { ...state, history: action.lines };
    case 'begun':
      return { ...retyped(state, empty), running: action.line, scroll: 0, output: said(state, [line(['> ', 'accent'], { text: action.line, bold: true })]) };
    case 'said':
      return { ...state, output: said(state, action.lines), scroll: state.scroll === 0 ? 0 : state.scroll + action.lines.length };
    case 'waits':
      return { ...retyped(state, empty), waiting: [...state.waiting, { line: action.line, confirmed: action.confirmed }] };
    case 'ended':
      return { ...state, running: null, waiting: state.waiting.slice(1) };
    case 'scroll':
      return { ...state, scroll: Math.max(0, Math.min(state.scroll + action.by, state.output.length - 1)) };
  }
}

function retyped(state: CommandState, field: Field): CommandState {
  return { ...state, field, wanted: null, chosen: null, recalled: null };
}

function whenKnown(state: CommandState): CommandState {
  return state.wanted === null ? state : choose({ ...state, wanted: null }, state.wanted);
}

function said({ output }: CommandState, lines: readonly Line[]): readonly Line[] {
  return [...output, ...lines].slice(-most);
}

/** First what all the words begin with, then one word after the other; a single word is taken whole. */
function choose(state: CommandState, by: 1 | -1): CommandState {
  const { completion, completed, chosen } = state;
  if (chosen === null && (completion === null || completed !== state.field)) return { ...state, wanted: by };
  if (completion === null || completion.words.length === 0) return state;
  const { words, from } = completion;
  const typed = completed.text.slice(from, completed.caret);
  const shared = sharedStart(words.map(({ text }) => text));
  const put = (text: string, more: Partial<CommandState>): CommandState => ({ ...state, field: { text: completed.text.slice(0, from) + text + completed.text.slice(completed.caret), caret: from + text.length }, ...more });
  if (words.length === 1) return put(/[/=:]$/.test(words[0].text) ? words[0].text : `${words[0].text} `, { completion: null });
  if (chosen === null && by === 1 && shared.length > typed.length && shared.toLowerCase().startsWith(typed.toLowerCase())) return put(shared, { completion: null });
  const next = chosen === null ? (by === 1 ? 0 : words.length - 1) : (chosen + by + words.length) % words.length;
  return put(words[next].text, { chosen: next });
}

function sharedStart(words: readonly string[]): string {
  const [first] = words;
  const end = [...first].findIndex((character, i) => words.some((word) => word[i] !== character));
  return end < 0 ? first : first.slice(0, end);
}

function recall(state: CommandState, by: 1 | -1): CommandState {
  const { history, recalled } = state;
  const kept = recalled === null ? state.field.text : state.kept;
  const next = (recalled ?? history.length) + by;
  if (next < 0 || next > history.length || (recalled === null && by === 1)) return state;
  const at = next === history.length ? null : next;
  return { ...state, field: fieldOf(at === null ? kept : history[at]), recalled: at, kept, chosen: null };
}
