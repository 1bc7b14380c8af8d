/** Commands on the experiment being written: the form's draft on a screen, the session's own otherwise. */
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { guessed, parseValue } from '../../config/assignment.js';
import { changedKeys } from '../../config/diff.js';
import { readExperiment, writeExperiment } from '../../config/file.js';
import { expandTilde } from '../../config/home.js';
import { checkKey, setKey, valueAt } from '../../config/keys.js';
import { knobOf } from '../../config/limits.js';
import type { Experiment } from '../../config/schema.js';
import { called } from '../../ui/format/run.js';
import { textAt, withDataset, withValue } from '../../ui/screens/new-run/draft.js';
import type { Draft } from '../../ui/screens/new-run/draft.js';
import { showValue } from '../../ui/screens/new-run/knob.js';
import { UserError } from '../../util/errors.js';
import { estimateLines } from '../view/estimate.js';
import { facts } from '../view/table.js';
import type { Context, ReplCommand } from './command.js';

export function draftCommands(inProgram: (name: string) => ReplCommand): ReplCommand[] {
  const [set, add, estimate] = [inProgram('set'), inProgram('queue add'), inProgram('estimate')];
  return [
    {
      ...set,
      summary: 'set a key of the new run: set lora.r 16; or change a live run: set <run> key=value',
      arguments: [{ shown: '<key|run>', kinds: ['knob', 'run'], rest: false }, { shown: '<value...>', kinds: ['value', 'assignment', 'change'], rest: true }],
      help: `Usage: set <key> <value>\n       set <key=value...>\n       set <run> <key=value...>\n\nThe first two change the new run being written, the third a live run: ${set.summary}\n`,
      run: async (words, context) => {
        const assignments = assignmentsOf(words);
        if (assignments === null) return set.run(words, context);
        let draft = context.place.draft();
        for (const [key, text] of assignments) draft = await changed(draft, { key, text }, context);
        context.place.setDraft(draft);
        context.terminal.print(assignments.map(([key]) => `${key} = ${showValue(valueAt(draft, key))}`).join('\n'));
      },
    },
    {
      name: 'get',
      summary: 'what the new run would be: all that differs from the defaults, or one key',
      arguments: [{ shown: '[key]', kinds: ['knob'], rest: false }],
      options: [],
      help: '',
      run: async ([key], { place, services, terminal }) => {
        if (key !== undefined) checkKey(key);
        const keys = key === undefined ? changedKeys(services.parse(whole(place.draft()))) : [key];
        terminal.print(facts(keys.map((each) => [each, showValue(valueAt(place.draft(), each))] as const), terminal.style).join('\n'));
      },
    },
    {
      name: 'reset',
      summary: 'a key of the new run back to its default; without one all but model and dataset',
      arguments: [{ shown: '[key]', kinds: ['knob'], rest: false }],
      options: [],
      help: '',
      run: async ([key], { place, services, terminal }) => {
        const draft = place.draft();
        const defaults = services.parse({ model: textAt(draft, 'model') || '-', dataset: { path: textAt(draft, 'dataset.path') || '-' } });
        if (key !== undefined) checkKey(key);
        const kept = { path: textAt(draft, 'dataset.path'), format: valueAt(draft, 'dataset.format') };
        const fresh = { ...defaults, model: textAt(draft, 'model'), dataset: { ...defaults.dataset, ...kept } };
        place.setDraft(key === undefined ? fresh : withValue(draft, key, valueAt(defaults, key)));
        terminal.print(key === undefined ? 'Everything but model and dataset is at its default.' : `${key} = ${showValue(valueAt(defaults, key))}`);
      },
    },
    {
      name: 'load',
      summary: 'take the settings of a run or of an experiment file for the new run',
      arguments: [{ shown: '<run|file>', kinds: ['run', 'path'], rest: false }],
      options: [],
      help: '',
      run: async ([from], { place, services, terminal }) => {
        if (from === undefined) throw new UserError('load takes a run, or the path of an experiment file');
        const path = expandTilde(from, terminal.env);
        place.setDraft(existsSync(path) ? readExperiment(path).experiment : { ...services.reader.run(from).config, name: null });
        terminal.print(`The new run has the settings of ${from}; \`run\` starts it.`);
      },
    },
    {
      name: 'write',
      summary: 'write the new run as an experiment file',
      arguments: [{ shown: '<file>', kinds: ['path'], rest: false }],
      options: [],
      help: '',
      run: async ([file], { place, services, terminal }) => {
        if (file === undefined) throw new UserError('write takes the path of a file: write my-run.yaml');
        const path = resolve(expandTilde(file, terminal.env));
        const text = writeExperiment(services.parse(place.draft()), { changed: true });
        if (existsSync(path) && !(await place.confirm(`There is a file ${path}. Replace it?`))) return;
        writeFileSync(path, text);
        terminal.print(`Written to ${path}.`);
      },
    },
    {
      name: 'run',
      summary: 'start the new run as it is written (set, get); it needs no terminal',
      arguments: [{ shown: '[name]', kinds: ['text'], rest: false }],
      options: [],
      help: '',
      run: async ([name], { place, services, terminal }) => {
        const draft = place.draft();
        const id = await services.startRun(complete(name === undefined ? draft : withValue(draft, 'name', name), services));
        terminal.print(`${called(services.reader.run(id))} was started`);
        place.screen?.watch(id);
      },
    },
    {
      ...add,
      summary: 'put experiments in line; without a file the new run as it is written',
      arguments: add.arguments.map((each) => ({ ...each, shown: '[experiment...]' })),
      run: async (words, context) => {
        if (words.length > 0) return add.run(words, context);
        const { services, place, terminal } = context;
        const id = await services.startRun(complete(place.draft(), services));
        const place_ = services.reader.queue().indexOf(id) + 1;
        terminal.print(`${called(services.reader.run(id))} is in line${place_ > 0 ? `, number ${place_}` : ''}`);
      },
    },
    {
      ...estimate,
      summary: 'what an experiment file would cost; without one (`:` and `workbench repl`) the new run as it is written',
      arguments: estimate.arguments.map((each) => ({ ...each, shown: '[experiment]' })),
      run: async (words, context) => {
        if (words.length > 0) return estimate.run(words, context);
        const { services, place, terminal } = context;
        terminal.print(estimateLines(await services.estimate(complete(place.draft(), services), {}), terminal.style).join('\n'));
      },
    },
  ];
}

/** `key value` or `key=value …` with keys of the experiment; null where the first word is none, and so a run. */
function assignmentsOf(words: readonly string[]): (readonly [key: string, text: string])[] | null {
  const [first, ...rest] = words;
  if (first === undefined) throw new UserError('set takes a key and a value: set lora.r 16');
  if (!first.includes('=')) {
    if (knobOf(first) === null && rest.some((word) => word.includes('='))) return null;
    checkKey(first, guessed(rest.join(' ')));
    if (rest.length === 0) throw new UserError(`set ${first} takes ${knobOf(first)?.expects ?? 'a value'}`);
    return [[first, rest.join(' ')]];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 1) throw new UserError(`${word}: write key=value, for example lora.r=16`);
    checkKey(word.slice(0, at), guessed(word.slice(at + 1)));
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

/** Checks the value by itself; what a model or dataset is is looked up. */
async function changed(draft: Draft, { key, text }: { readonly key: string; readonly text: string }, { services, terminal }: Context): Promise<Draft> {
  const path = expandTilde(text, terminal.env);
  if (key === 'model') return withValue(draft, key, (await services.modelAt(path)).path);
  if (key === 'dataset.path') {
    const entry = await services.datasetAt(path);
    return withDataset(draft, entry, services.parse({ model: '-', dataset: { path: '-' } }));
  }
  const alone = { model: '-', dataset: { path: '-' } };
  setKey(alone, key, parseValue(key, knobOf(key)?.path && existsSync(path) ? resolve(path) : text));
  return withValue(draft, key, valueAt(services.parse(alone), key));
}

function whole(draft: Draft): Draft {
  return { ...draft, model: textAt(draft, 'model') || '-', dataset: { ...(draft.dataset as Draft), path: textAt(draft, 'dataset.path') || '-' } };
}

/** Throws a UserError that says what to set where something is missing. */
function complete(draft: Draft, services: Context['services']): Experiment {
  if (textAt(draft, 'model') === '') throw new UserError('choose a model: set model <path>');
  if (textAt(draft, 'dataset.path') === '') throw new UserError('choose a dataset: set dataset.path <path>');
  return services.parse(draft);
}
