/** The playground as the shell knows it. */
import { UserError, messageOf } from '../../../util/errors.js';
import type { ScreenDefinition, World } from '../../screen.js';
import type { Message } from '../../state.js';
import { playgroundKeys, playgroundTables, shownCandidates } from './keys.js';
import { initialSampling, samplingKnobs } from './knobs.js';
import type { News, Sampling } from './services.js';
import { askedSampling, askedVoices, hasLearned, initialPlayground, keptPrompts, reducePlayground } from './state.js';
import type { Candidate, PlaygroundAction, PlaygroundState } from './state.js';
import { PlaygroundView } from './view.js';

export type PlaygroundIntent =
  | { readonly ask: 'play' }
  | { readonly ask: 'play-stop' }
  | { readonly ask: 'play-row'; readonly by: 1 | -1 }
  | { readonly ask: 'play-open'; readonly candidate: Candidate };

/** Under which name prompts and sampling are kept. */
const preferenceName = 'playground';

/** Tokens that come within so many milliseconds are shown at once. */
const together = 50;

const act = (action: PlaygroundAction): Message => ({ type: 'playground', action });

/** What answers just now, by session. */
const running = new WeakMap<World, AbortController>();

export const playground: ScreenDefinition<'playground', PlaygroundState, PlaygroundAction, PlaygroundIntent> = {
  name: 'playground',
  title: 'Playground',
  shortTitle: 'Play',
  initial: initialPlayground,
  reduce: reducePlayground,
  keys: playgroundKeys,
  tables: playgroundTables,
  View: ({ state, width, height }) => <PlaygroundView state={state.playground} candidates={shownCandidates(state)} width={width} height={height} />,
  intents: {
    play: generate,
    'play-stop': (_, world) => running.get(world)?.abort(),
    'play-row': async ({ by }, { get, send, services }) => {
      const { subject, row, opening } = get().playground;
      if (subject === null || opening !== null) return;
      const index = row === null ? (by === 1 ? 0 : -1) : row.index + by;
      const found = await services.playground.evalRow(subject, index);
      if (get().playground.subject === subject && get().playground.opening === null) send(act({ type: 'row', row: found })); // another may be asked by now
    },
    'play-open': ({ candidate }, world) => open(candidate, world),
  },
  start(world) {
    world.send(act({ type: 'remembered', ...remembered(world.services.reader.preference(preferenceName)) }));
    return () => running.get(world)?.abort();
  },
  // The newest run that has learned something is what one comes for.
  refresh(world) {
    const { playground: { subject, opening, picker }, runs } = world.get();
    if (subject !== null || opening !== null || picker !== null) return;
    const run = runs.find(hasLearned);
    if (run) void open({ kind: 'run', name: run.name, about: '', runId: run.id }, world).catch(() => undefined);
  },
};

async function open(candidate: Candidate, world: World): Promise<void> {
  const { send, services } = world;
  running.get(world)?.abort();
  send(act({ type: 'opening', name: candidate.name }));
  try {
    send(act({ type: 'opened', subject: await services.playground.open(candidate.kind === 'run' ? { runId: candidate.runId } : { model: candidate.model }) }));
  } catch (error) {
    send(act({ type: 'opening', name: null }));
    throw error;
  }
}

/** Never more than one at a time; another one asked for while it ends is not begun. */
async function generate(_: PlaygroundIntent, world: World): Promise<void> {
  const { get, send, services } = world;
  const { subject, prompt, chat, special, sampling } = get().playground;
  if (subject === null) throw new UserError('Choose a model or a run first: m.');
  if (running.has(world)) return;
  if (sampling.temperature > 0 && (sampling.numBeams ?? 1) > 1) throw new UserError('Beams look for the likeliest text and draw none: set temperature to 0, or beams to 1 or auto.');
  const mine = new AbortController();
  running.set(world, mine);
  const voices = askedVoices(get().playground);
  send(act({ type: 'asked' }));
  services.records.remember(preferenceName, { past: get().playground.past, sampling });
  let pending: News[] = [];
  const flush = (): void => {
    if (pending.length > 0) send(act({ type: 'news', news: pending }));
    pending = [];
  };
  const timer = setInterval(flush, together);
  try {
    await services.playground.generate({ subject, voices, prompt, chat, special, sampling: askedSampling(get().playground) }, { signal: mine.signal, onNews: (news) => pending.push(news) });
    flush();
    send(act({ type: 'over', problem: null }));
  } catch (error) {
    flush();
    send(act({ type: 'over', problem: mine.signal.aborted ? null : messageOf(error) }));
  } finally {
    clearInterval(timer);
    running.delete(world);
  }
}

/** What was kept by this version or another one, as far as it still holds. */
function remembered(value: unknown): { readonly past: readonly string[]; readonly sampling: Sampling } {
  const { past, sampling } = (typeof value === 'object' && value !== null ? value : {}) as { readonly past?: unknown; readonly sampling?: Partial<Record<keyof Sampling, unknown>> };
  const kept = samplingKnobs.flatMap(({ key, min, max, open }) => {
    const number = sampling?.[key];
    const holds = typeof number === 'number' ? number >= min && number <= max : open === true && number === null;
    return holds ? [[key, number] as const] : [];
  });
  return {
    past: Array.isArray(past) ? past.filter((text): text is string => typeof text === 'string').slice(-keptPrompts) : [],
    sampling: { ...initialSampling, ...Object.fromEntries(kept) },
  };
}
