/** The keys of the playground: its three panes, what is typed, and what opens over them. */
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import type { FieldAction } from '../../widgets/field.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import type { ListAction } from '../../widgets/list.js';
import { candidatesOf } from './state.js';
import type { Candidate, PlaygroundAction } from './state.js';

type Key = Binding<AppState, Message>;

const play = (action: PlaygroundAction): Message => ({ type: 'playground', action });
const isOpen = ({ playground: { subject } }: AppState): boolean => subject !== null;
const isRun = ({ playground: { subject } }: AppState): boolean => (subject?.runId ?? null) !== null;
const isRunning = ({ playground: { running } }: AppState): boolean => running;
const canAsk = (state: AppState): boolean => isOpen(state) && !isRunning(state) && state.playground.prompt !== '';

/** What the picker offers now. */
export function shownCandidates({ playground: { picker }, runs, newRun: { models } }: AppState): readonly Candidate[] {
  return picker === null ? [] : candidatesOf(picker.filter, runs, models ?? []);
}

const common: readonly Key[] = [
  { keys: ['enter'], does: 'have them answer', short: 'generate', when: canAsk, act: () => ({ ask: 'play' }) },
  { keys: ['esc'], does: 'interrupt', short: 'interrupt', when: isRunning, act: () => ({ ask: 'play-stop' }) },
  { keys: ['i'], does: 'type the prompt', short: 'type', act: () => play({ type: 'type' }) },
  { keys: ['m'], does: 'choose a model or a run', short: 'model', act: () => play({ type: 'picker', action: { type: 'open' }, count: 0 }) },
  { keys: ['v'], does: 'choose who answers: the base, checkpoints, the result', short: 'voices', when: (state) => isOpen(state) && !isRunning(state), act: () => play({ type: 'voices', action: { type: 'open' } }) },
  { keys: ['e'], does: 'the prompt of the next row that the run is evaluated on', short: 'eval row', when: (state) => isRun(state) && !isRunning(state), act: () => ({ ask: 'play-row', by: 1 }) },
  { keys: ['E'], does: 'of the row before', when: (state) => isRun(state) && !isRunning(state), act: () => ({ ask: 'play-row', by: -1 }) },
  { keys: ['r'], does: 'once more with the next seed', short: 'again', when: canAsk, act: () => [play({ type: 'next-seed' }), { ask: 'play' }] },
  { keys: ['t'], does: 'chat template around the prompt, or not', short: 'template', when: ({ playground: { subject } }) => subject?.chat ?? false, act: () => play({ type: 'chat' }) },
  { keys: ['x'], does: 'a new prompt', act: () => play({ type: 'clear' }) },
  { keys: ['p'], does: 'the prompt before', when: ({ playground: { past } }) => past.length > 0, act: () => play({ type: 'past', by: -1 }) },
  { keys: ['n'], does: 'the prompt after', when: ({ playground: { pastAt } }) => pastAt !== null, act: () => play({ type: 'past', by: 1 }) },
  { keys: ['tab'], does: 'next pane', short: 'pane', act: () => play({ type: 'pane', by: 1 }) },
  { keys: ['shift+tab'], does: 'previous pane', act: () => play({ type: 'pane', by: -1 }) },
];

const scroll = (by: number): Message => play({ type: 'scroll', by });
const scrolling: readonly Key[] = [
  { keys: ['k', 'up'], does: 'scroll the answers up', act: () => scroll(1) },
  { keys: ['j', 'down'], does: 'scroll the answers down', act: () => scroll(-1) },
  { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => scroll(10) },
  { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => scroll(-10) },
  { keys: ['g', 'home'], does: 'to their beginning', act: () => play({ type: 'scroll-to', to: 'top' }) },
  { keys: ['G', 'end'], does: 'to their end', act: () => play({ type: 'scroll-to', to: 'end' }) },
];

const prompt: Table = { title: 'Prompt', bindings: [...common, ...scrolling] };
const answers: Table = { title: 'Answers', bindings: [...common, ...scrolling] };

const sampling: Table = {
  title: 'Sampling',
  bindings: [
    { keys: ['left', 'h', '-'], does: 'lower', short: 'change', hint: ['left', 'right'], act: () => play({ type: 'knob-step', by: -1 }) },
    { keys: ['right', 'l', '+'], does: 'higher', act: () => play({ type: 'knob-step', by: 1 }) },
    { keys: ['j', 'down'], does: 'next knob', short: 'knob', hint: ['up', 'down'], act: () => play({ type: 'knob-move', by: 1 }) },
    { keys: ['k', 'up'], does: 'previous knob', act: () => play({ type: 'knob-move', by: -1 }) },
    { keys: [...'0123456789.'], does: 'type a number', act: (_, key) => play({ type: 'knob-edit', text: key }) },
    ...common,
  ],
};

const typed = (action: Extract<PlaygroundAction, { type: 'typed' }>['action']): Message => play({ type: 'typed', action });
const type = (action: FieldAction): Message => typed(action);

const typing: Table = {
  title: 'Typing the prompt',
  modal: true,
  text: (_, text) => type({ type: 'insert', text }),
  bindings: [
    { keys: ['enter'], does: 'have them answer', short: 'generate', when: canAsk, act: () => ({ ask: 'play' }) },
    { keys: ['ctrl+j', 'ctrl+n'], does: 'a new line', short: 'new line', act: () => type({ type: 'insert', text: '\n' }) },
    { keys: ['esc', 'tab'], does: 'leave the text as it is', short: 'done', act: () => play({ type: 'typed-out' }) },
    { keys: ['up'], does: 'line up', act: () => typed({ type: 'line', by: -1 }) },
    { keys: ['down'], does: 'line down', act: () => typed({ type: 'line', by: 1 }) },
    { keys: ['pageup'], does: 'the prompt before', act: () => play({ type: 'past', by: -1 }) },
    { keys: ['pagedown'], does: 'the prompt after', act: () => play({ type: 'past', by: 1 }) },
    ...fieldBindings<AppState, Message>(type),
  ],
};

const editing: Table = {
  title: 'Typing a number',
  modal: true,
  // What a number is written with, or `auto`.
  text: (_, text) => play({ type: 'knob-type', action: { type: 'insert', text: text.replace(/[^\d.+\-eauto]/g, '') } }),
  bindings: [
    { keys: ['enter', 'tab'], does: 'take it', short: 'take', act: () => play({ type: 'knob-done', keep: true }) },
    { keys: ['esc'], does: 'leave it as it was', short: 'cancel', act: () => play({ type: 'knob-done', keep: false }) },
    ...fieldBindings<AppState, Message>((action) => play({ type: 'knob-type', action })),
  ],
};

const inPicker = (state: AppState, action: ListAction): Message => play({ type: 'picker', action, count: shownCandidates(state).length });
const find = (action: FieldAction) => (state: AppState): Message => inPicker(state, { type: 'filter-type', action });

const picker: Table = {
  title: 'Choose who answers',
  modal: true,
  text: (state, text) => find({ type: 'insert', text })(state),
  bindings: [
    {
      keys: ['enter'], does: 'take it', short: 'take',
      act: (state) => {
        const chosen = shownCandidates(state)[state.playground.picker?.cursor ?? 0];
        return chosen === undefined ? play({ type: 'picker', action: { type: 'close' }, count: 0 }) : { ask: 'play-open', candidate: chosen };
      },
    },
    { keys: ['esc'], does: 'leave it as it is', short: 'cancel', act: () => play({ type: 'picker', action: { type: 'close' }, count: 0 }) },
    { keys: ['down', 'tab'], does: 'down', short: 'choose', hint: ['up', 'down'], act: (state) => inPicker(state, { type: 'move', by: 1 }) },
    { keys: ['up', 'shift+tab'], does: 'up', act: (state) => inPicker(state, { type: 'move', by: -1 }) },
    { keys: ['pagedown'], does: 'ten down', act: (state) => inPicker(state, { type: 'move', by: 10 }) },
    { keys: ['pageup'], does: 'ten up', act: (state) => inPicker(state, { type: 'move', by: -10 }) },
    { keys: ['backspace'], does: 'delete the character before', act: find({ type: 'backspace' }) },
    { keys: ['ctrl+u'], does: 'clear the filter', act: find({ type: 'clear' }) },
  ],
};

const voices: Table = {
  title: 'Voices',
  modal: true,
  bindings: [
    { keys: ['space'], does: 'has it answer, or not; four at most', short: 'answer or not', act: () => play({ type: 'voices', action: { type: 'toggle' } }) },
    { keys: ['j', 'down'], does: 'down', act: () => play({ type: 'voices', action: { type: 'move', by: 1 } }) },
    { keys: ['k', 'up'], does: 'up', act: () => play({ type: 'voices', action: { type: 'move', by: -1 } }) },
    { keys: ['enter', 'esc', 'v', 'q'], does: 'done', short: 'done', act: () => play({ type: 'voices', action: { type: 'close' } }) },
  ],
};

export const playgroundKeys: readonly Table[] = [prompt, sampling, answers, typing, editing, picker, voices];

export function playgroundTables({ playground: state }: AppState): readonly Table[] {
  if (state.picker) return [picker];
  if (state.voices) return [voices];
  if (state.typing) return [typing];
  if (state.editing) return [editing];
  return [{ prompt, sampling, answers }[state.pane]];
}
