/** What is found out about each new draft while it is edited: its cost, its data, the next step of a knob, how a path may go on. */
import { messageOf, UserError } from '../../../util/errors.js';
import type { World } from '../../screen.js';
import type { Services } from '../../services.js';
import { textAt, valueAt, withValue } from './draft.js';
import type { Draft } from './draft.js';
import type { NewRunAction } from './reduce.js';
import { chosenDataset, currentKnob, dataKey } from './state.js';
import type { NewRunState } from './state.js';
import { paceOf } from './pace.js';
import type { Probed } from './pace.js';

/** How long typing must rest, in milliseconds. */
const rest = { estimate: 40, preview: 250, outlook: 120, completions: 20, file: 20, given: 40 } as const;

/** Follows the form; returns what ends it. */
export function followDrafts(world: World): () => void {
  const ends = [followCost(world), followData(world), followStep(world), followPath(world), followFile(world), followGiven(world)];
  return () => ends.forEach((end) => end());
}

interface Following<Input extends readonly unknown[]> {
  readonly rest: number;
  /** What it goes by: it works again when one of them is another. */
  readonly input: (state: NewRunState) => Input;
  /** What came of it; not asked again before it has answered. */
  readonly work: (state: NewRunState) => Promise<NewRunAction | null>;
}

/** One piece of work at a time, for the newest state; what is overtaken is dropped. */
function follow<Input extends readonly unknown[]>({ get, send, subscribe }: World, { rest, input, work }: Following<Input>): () => void {
  let known: Input | null = null;
  let pending: NodeJS.Timeout | undefined;
  let busy = false;
  let ended = false;

  async function run(): Promise<void> {
    busy = true;
    const before = known;
    const action = await work(get().newRun);
    busy = false;
    if (ended) return;
    if (before !== known) return schedule();
    if (action !== null) send({ type: 'newRun', action });
  }
  function schedule(): void {
    clearTimeout(pending);
    pending = setTimeout(() => void run(), rest);
  }
  function look(): void {
    const now = input(get().newRun);
    if (known !== null && now.every((value, i) => value === known?.[i])) return;
    known = now;
    if (!busy) schedule();
  }

  look();
  const unsubscribe = subscribe(look);
  return () => {
    ended = true;
    unsubscribe();
    clearTimeout(pending);
  };
}


function followCost(world: World): () => void {
  const { services } = world;
  return follow(world, {
    rest: rest.estimate,
    input: ({ draft, datasets, looked, probe }) => [draft, datasets, looked, probe?.pace],
    async work(state) {
      const { draft } = state;
      const found = await estimateOrProblem(services, draft, hintOf(state));
      const pace = found.experiment && paceOf(found.experiment, { probed: probedIn(state, services), runs: world.get().runs, alike: services.form.alike });
      const noEngine = found.experiment && (await services.form.whyNot(found.experiment.engine));
      return { type: 'assessed', assessment: { draft, ...found, pace, noEngine } };
    },
  });
}

function followData(world: World): () => void {
  const { services } = world;
  return follow(world, {
    rest: rest.preview,
    input: ({ draft }) => [dataKey(draft)],
    async work({ draft }) {
      const of = dataKey(draft);
      if (missingIn(draft) !== null) return null;
      try {
        return { type: 'looked', looked: { of, preview: await services.form.preview(services.parse(draft)), problem: null, broken: false } };
      } catch (error) {
        return { type: 'looked', looked: { of, preview: null, problem: messageOf(error), broken: error instanceof UserError } };
      }
    },
  });
}

/** What one step up of the knob under the cursor would change; what it costs is best said in figures. */
function followStep(world: World): () => void {
  const { services } = world;
  return follow(world, {
    rest: rest.outlook,
    input: (state) => [state.assessment, state.pane === 'settings' ? currentKnob(state)?.key : null],
    async work(state) {
      const knob = state.pane === 'settings' ? currentKnob(state) : null;
      const { draft, assessment } = state;
      if (knob === null || state.editing !== null || assessment?.draft !== draft || assessment.estimate === null) return null;
      const before = valueAt(draft, knob.key);
      const value = ['int', 'float', 'bool', 'choice'].includes(knob.kind) ? services.step(knob.key, before, 1) : before;
      if (value === before) return { type: 'outlook', outlook: null };
      const { estimate } = await estimateOrProblem(services, withValue(draft, knob.key, value), hintOf(state));
      return { type: 'outlook', outlook: estimate && { draft, key: knob.key, value, estimate } };
    },
  });
}

function followPath(world: World): () => void {
  const { services } = world;
  return follow(world, {
    rest: rest.completions,
    input: ({ editing }) => [editing?.key, editing?.field.text, editing?.field.selected],
    async work({ editing, knobs }) {
      if (editing === null || editing.field.selected || !knobs.some(({ key, path }) => path && key === editing.key)) return null;
      const { text } = editing.field;
      return { type: 'completions', text, found: await services.form.complete(text) };
    },
  });
}

/** Only while it is seen. */
function followFile(world: World): () => void {
  const { parse, form } = world.services;
  return follow(world, {
    rest: rest.file,
    input: ({ draft, base, detail }) => [draft, base, detail.view],
    work({ draft, base, detail }) {
      if (detail.view !== 'file') return Promise.resolve(null);
      try {
        const experiment = parse(draft);
        return Promise.resolve({ type: 'written', written: { text: { yaml: form.write(experiment), command: form.command(experiment, base?.file ?? null) }, problem: null } });
      } catch (error) {
        return Promise.resolve({ type: 'written', written: { text: null, problem: messageOf(error) } });
      }
    },
  });
}

/** A dataset that no search has found is looked at where it lies. */
function followGiven(world: World): () => void {
  return follow(world, {
    rest: rest.given,
    input: (state) => [chosenDataset(state)],
    async work(state) {
      const given = chosenDataset(state);
      if (given === null || given.bytes !== null) return null;
      try {
        return { type: 'dataset-described', entry: { ...(await world.services.datasetAt(given.path)), path: given.path } };
      } catch {
        return null; // what is wrong with it is said by the look at its rows
      }
    },
  });
}

function probedIn({ probe }: NewRunState, { parse }: Services): Probed | null {
  return probe?.pace ? { experiment: parse(probe.draft), pace: probe.pace } : null;
}

function missingIn(draft: Draft): 'model' | 'dataset' | null {
  return textAt(draft, 'model') === '' ? 'model' : textAt(draft, 'dataset.path') === '' ? 'dataset' : null;
}

function hintOf(state: NewRunState): { readonly rows?: number } {
  const rows = chosenDataset(state)?.rows ?? countedRows(state);
  return rows === null ? {} : { rows };
}

/** As a look at all of the data has counted them: of a mixture nothing else does. */
function countedRows({ draft, looked }: NewRunState): number | null {
  return looked?.of === dataKey(draft) && looked.preview?.whole ? looked.preview.train_rows + looked.preview.eval_rows : null;
}

async function estimateOrProblem(services: Services, draft: Draft, hint: { readonly rows?: number }) {
  const missing = missingIn(draft);
  if (missing !== null) return { problem: `Choose a ${missing}: Tab goes to its pane, e types a path.`, experiment: null, estimate: null };
  try {
    const experiment = services.parse(draft);
    return { problem: null, experiment, estimate: await services.estimate(experiment, hint) };
  } catch (error) {
    return { problem: messageOf(error), experiment: null, estimate: null };
  }
}
