/** The playground: who answers, what is asked and how, and what has been said. */
import type { RunRecord } from '../../../store/rows.js';
import type { ModelEntry } from '../../../models/discover.js';
import { fuzzyRows } from '../../format/fuzzy.js';
import { fieldOf, reduceField } from '../../widgets/field.js';
import type { Field, FieldAction } from '../../widgets/field.js';
import { emptyList, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';
import { initialSampling, samplingKnobs, showKnob, stepKnob, typedKnob } from './knobs.js';
import type { EvalRow, News, Sampling, Subject, Voice } from './services.js';

export interface Answer {
  readonly label: string;
  readonly state: 'waiting' | 'reading' | 'speaking' | 'end' | 'length' | 'interrupted' | 'failed';
  readonly text: string;
  readonly tokens: number;
  readonly seconds: number;
}

export type Pane = 'prompt' | 'sampling' | 'answers';
export const panes: readonly Pane[] = ['prompt', 'sampling', 'answers'];

export interface PlaygroundState {
  readonly subject: Subject | null;
  /** The name of what is being opened. */
  readonly opening: string | null;
  /** Which of the subject's voices answer, in their order. */
  readonly chosen: readonly number[];
  readonly pane: Pane;
  readonly prompt: string;
  /** Whether the tokenizer puts its own tokens before it; not so for some rows. */
  readonly special: boolean;
  /** The prompt while it is typed. */
  readonly typing: Field | null;
  readonly sampling: Sampling;
  readonly knob: number;
  /** The value of the knob while it is typed. */
  readonly editing: { readonly field: Field; readonly error: string | null } | null;
  readonly chat: boolean;
  /** The row that the prompt was taken from. */
  readonly row: EvalRow | null;
  readonly answers: readonly Answer[];
  readonly running: boolean;
  /** Lines that the answers are scrolled up from their end, which 0 follows; `fromTop`: down from their beginning. */
  readonly scroll: number;
  readonly fromTop: boolean;
  readonly past: readonly string[];
  /** The one of the past that is shown; null while there is a new one. */
  readonly pastAt: number | null;
  readonly picker: ListState | null;
  /** The list of voices, with its cursor. */
  readonly voices: { readonly cursor: number } | null;
}

export type PlaygroundAction =
  | { readonly type: 'opening'; readonly name: string | null }
  | { readonly type: 'opened'; readonly subject: Subject }
  | { readonly type: 'pane'; readonly by: 1 | -1 }
  | { readonly type: 'type' }
  | { readonly type: 'typed'; readonly action: FieldAction | { readonly type: 'line'; readonly by: 1 | -1 } }
  | { readonly type: 'typed-out' }
  | { readonly type: 'clear' }
  | { readonly type: 'past'; readonly by: 1 | -1 }
  | { readonly type: 'row'; readonly row: EvalRow }
  | { readonly type: 'chat' }
  | { readonly type: 'knob-move'; readonly by: 1 | -1 }
  | { readonly type: 'knob-step'; readonly by: 1 | -1 }
  | { readonly type: 'knob-edit'; readonly text: string | null }
  | { readonly type: 'knob-type'; readonly action: FieldAction }
  | { readonly type: 'knob-done'; readonly keep: boolean }
  | { readonly type: 'next-seed' }
  | { readonly type: 'asked' }
  | { readonly type: 'news'; readonly news: readonly News[] }
  | { readonly type: 'over'; readonly problem: string | null }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'scroll-to'; readonly to: 'top' | 'end' }
  | { readonly type: 'picker'; readonly action: ListAction | { readonly type: 'open' } | { readonly type: 'close' }; readonly count: number }
  | { readonly type: 'voices'; readonly action: { readonly type: 'open' } | { readonly type: 'close' } | { readonly type: 'toggle' } | { readonly type: 'move'; readonly by: number } }
  | { readonly type: 'remembered'; readonly past: readonly string[]; readonly sampling: Sampling };

export const initialPlayground: PlaygroundState = {
  subject: null, opening: null, chosen: [], pane: 'prompt', prompt: '', special: true, typing: null, sampling: initialSampling, knob: 0, editing: null, chat: false,
  row: null, answers: [], running: false, scroll: 0, fromTop: false, past: [], pastAt: null, picker: null, voices: null,
};

/** As many stand side by side as can be read. */
export const mostVoices = 4;
export const keptPrompts = 100;

export function reducePlayground(state: PlaygroundState, action: PlaygroundAction): PlaygroundState {
  switch (action.type) {
    case 'opening':
      return { ...state, opening: action.name, picker: null };
    case 'opened': {
      const { subject } = action;
      const last = subject.voices.length - 1;
      return { ...state, subject, opening: null, chosen: last === 0 ? [0] : [0, last], chat: subject.chat, answers: [], row: null, special: true, scroll: 0, fromTop: false };
    }
    case 'pane':
      return { ...state, pane: panes[(panes.indexOf(state.pane) + action.by + panes.length) % panes.length] };
    case 'type':
      return { ...state, pane: 'prompt', typing: fieldOf(state.prompt) };
    case 'typed': {
      const before = state.typing ?? fieldOf(state.prompt);
      const typing = action.action.type === 'line' ? lineMoved(before, action.action.by) : reduceField(before, action.action);
      return typing.text === before.text ? { ...state, typing } : { ...written(state, typing.text), typing };
    }
    case 'typed-out':
      return { ...state, typing: null };
    case 'clear':
      return { ...written(state, ''), pane: 'prompt', typing: fieldOf('') };
    case 'past': {
      const at = (state.pastAt ?? state.past.length) + action.by;
      if (at < 0 || at > state.past.length || state.past.length === 0) return state;
      const text = at === state.past.length ? '' : state.past[at];
      return { ...written(state, text), pastAt: at === state.past.length ? null : at, ...(state.typing ? { typing: fieldOf(text) } : {}) };
    }
    case 'row': {
      // It has its template already.
      const { prompt, special } = action.row;
      return { ...written(state, prompt), special, row: action.row, chat: false, answers: [], typing: null };
    }
    case 'chat':
      return { ...state, chat: !state.chat };
    case 'knob-move':
      return { ...state, knob: (state.knob + action.by + samplingKnobs.length) % samplingKnobs.length };
    case 'knob-step': {
      const knob = samplingKnobs[state.knob];
      return withKnob(state, stepKnob(knob, state.sampling[knob.key], action.by));
    }
    case 'knob-edit': {
      const knob = samplingKnobs[state.knob];
      return { ...state, editing: { field: fieldOf(action.text ?? showKnob(knob, state.sampling[knob.key])), error: null } };
    }
    case 'knob-type':
      return { ...state, editing: state.editing && { field: reduceField(state.editing.field, action.action), error: null } };
    case 'knob-done': {
      if (state.editing === null || !action.keep) return { ...state, editing: null };
      const value = typedKnob(samplingKnobs[state.knob], state.editing.field.text);
      return typeof value === 'string' ? { ...state, editing: { ...state.editing, error: value } } : { ...withKnob(state, value), editing: null };
    }
    case 'next-seed':
      return { ...state, sampling: { ...state.sampling, seed: state.sampling.seed + 1 } };
    case 'asked': {
      const past = [...state.past.filter((text) => text !== state.prompt), state.prompt].slice(-keptPrompts);
      const answers = askedVoices(state).map(({ label }): Answer => ({ label, state: 'waiting', text: '', tokens: 0, seconds: 0 }));
      return { ...state, typing: null, editing: null, running: true, answers, scroll: 0, fromTop: false, past, pastAt: null };
    }
    case 'news':
      return { ...state, answers: action.news.reduce(heard, state.answers) };
    case 'over':
      // What was followed to its end is read from its beginning.
      return { ...state, running: false, fromTop: state.fromTop || state.scroll === 0, answers: state.answers.map((answer) => ended(answer, action.problem)) };
    case 'scroll':
      return { ...state, scroll: Math.max(0, state.scroll + (state.fromTop ? -action.by : action.by)) };
    case 'scroll-to':
      return { ...state, scroll: 0, fromTop: action.to === 'top' };
    case 'picker':
      return { ...state, picker: pickerAfter(state.picker, action.action, action.count) };
    case 'voices':
      return voicesAfter(state, action.action);
    case 'remembered':
      return { ...state, past: action.past, sampling: action.sampling };
  }
}

/** Another text is no row any more. */
function written(state: PlaygroundState, prompt: string): PlaygroundState {
  return { ...state, prompt, row: null, special: true, pastAt: null, chat: state.row ? (state.subject?.chat ?? false) : state.chat };
}

function withKnob(state: PlaygroundState, value: number | null): PlaygroundState {
  return { ...state, sampling: { ...state.sampling, [samplingKnobs[state.knob].key]: value } };
}

/** The same column of the line above or below; the end of the text where there is none. */
function lineMoved({ text, caret }: Field, by: 1 | -1): Field {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const line = starts.findLastIndex((start) => start <= caret);
  const target = line + by;
  if (target < 0) return { text, caret: 0 };
  if (target >= starts.length) return { text, caret: text.length };
  const end = target + 1 < starts.length ? starts[target + 1] - 1 : text.length;
  return { text, caret: Math.min(end, starts[target] + caret - starts[line]) };
}

function heard(answers: readonly Answer[], news: News): readonly Answer[] {
  return answers.map((answer, voice): Answer => {
    if (voice !== news.voice) return answer;
    switch (news.type) {
      case 'reading':
        return { ...answer, state: 'reading' };
      case 'text':
        return { ...answer, state: 'speaking', text: answer.text + news.text, tokens: news.tokens, seconds: news.seconds };
      case 'done':
        return { ...answer, state: news.stopped, tokens: news.tokens, seconds: news.seconds };
    }
  });
}

function ended(answer: Answer, problem: string | null): Answer {
  if (answer.state === 'end' || answer.state === 'length' || answer.state === 'interrupted') return answer;
  return problem === null ? { ...answer, state: 'interrupted' } : { ...answer, state: 'failed', text: answer.text === '' ? problem : answer.text };
}

function pickerAfter(list: ListState | null, action: ListAction | { readonly type: 'open' } | { readonly type: 'close' }, count: number): ListState | null {
  if (action.type === 'open') return reduceList(emptyList, { type: 'filter' }, 0);
  return action.type === 'close' || list === null ? null : reduceList(list, action, count);
}

function voicesAfter(state: PlaygroundState, action: Extract<PlaygroundAction, { type: 'voices' }>['action']): PlaygroundState {
  const count = state.subject?.voices.length ?? 0;
  const cursor = state.voices?.cursor ?? 0;
  switch (action.type) {
    case 'open':
      return { ...state, voices: { cursor: 0 } };
    case 'close':
      return { ...state, voices: null };
    case 'move':
      return { ...state, voices: { cursor: Math.max(0, Math.min(cursor + action.by, count - 1)) } };
    case 'toggle': {
      const without = state.chosen.filter((voice) => voice !== cursor);
      const chosen = without.length < state.chosen.length ? without : [...state.chosen, cursor].sort((a, b) => a - b);
      return chosen.length === 0 || chosen.length > mostVoices ? state : { ...state, chosen };
    }
  }
}

/** Beyond what a row should say, so that one sees whether an answer comes to its end. */
const spareTokens = 8;

/** The knobs; of a row no more tokens than it should say, and a few. */
export function askedSampling({ sampling, row }: Pick<PlaygroundState, 'sampling' | 'row'>): Sampling {
  return row === null ? sampling : { ...sampling, maxNewTokens: Math.min(sampling.maxNewTokens, row.answerTokens + spareTokens) };
}

export function askedVoices({ subject, chosen }: PlaygroundState): readonly Voice[] {
  return subject === null ? [] : chosen.flatMap((voice) => subject.voices[voice] ?? []);
}

/** What may be opened. */
export type Candidate = { readonly kind: 'run'; readonly name: string; readonly about: string; readonly runId: string } | { readonly kind: 'model'; readonly name: string; readonly about: string; readonly model: string };

/** Runs that have saved something, the newest first, then models; the best match of the filter first. */
export function candidatesOf(filter: string, runs: readonly RunRecord[], models: readonly ModelEntry[]): readonly Candidate[] {
  const all: readonly Candidate[] = [
    ...runs.filter(hasLearned).map((run): Candidate => ({ kind: 'run', name: run.name, about: `${run.state}, ${run.config.finetuning}, step ${run.step}`, runId: run.id })),
    ...models.filter(({ supported, tokenizer }) => supported && tokenizer).map((entry): Candidate => ({ kind: 'model', name: entry.name, about: entry.path, model: entry.path })),
  ];
  return fuzzyRows(all, filter, ({ kind, name, about }) => `${name} ${kind} ${about}`);
}

export function hasLearned({ output, checkpoints, archived }: RunRecord): boolean {
  return !archived && (output !== null || checkpoints.length > 0);
}
