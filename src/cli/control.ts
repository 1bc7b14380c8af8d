import { isDeepStrictEqual } from 'node:util';
import { homeFolder } from '../config/home.js';
import { knobOf } from '../config/limits.js';
import { liveKnobs } from '../config/same-run.js';
import type { TrainConfig } from '../config/schema.js';
import { change, control as ask, kill } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import { called } from '../ui/format/run.js';
import { clean } from '../ui/format/text.js';
import { UserError } from '../util/errors.js';
import { withAssignments } from './experiment.js';
import { wayOn } from './outcome.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';

const asked = {
  pause: (id: string) => `will hold after this update; go on with: workbench continue ${id}`,
  continue: () => 'goes on',
  save: () => 'will write a checkpoint after this update',
  evaluate: () => 'will be evaluated after this update',
  sample: () => 'will write samples after this update',
  stop: () => 'will stop after this update, and save',
} as const;

/** What is asked of a live run by a command of its own. */
export type ControlCommand = keyof typeof asked | 'kill';

/** Asks a live run for something. Throws a UserError where there is no such run, or it is at rest. */
export async function control(terminal: Terminal, reference: string, command: ControlCommand): Promise<void> {
  const home = homeFolder(terminal.env);
  const run = found(home, reference);
  if (command === 'kill') {
    const ended = await kill(home, run.id);
    terminal.print(`${called(run)} is ${ended.state}: ${clean(ended.reason ?? '')}; ${wayOn(ended)}`);
    return;
  }
  await ask(home, run.id, command);
  terminal.print(`${called(run)} ${asked[command](run.id)}`);
}

/** Changes knobs of a live run: `key=value`, with or without `train.` before the key. */
export async function set(terminal: Terminal, reference: string, assignments: readonly string[]): Promise<void> {
  const home = homeFolder(terminal.env);
  const run = found(home, reference);
  const { id, step, config } = run;
  const fixed = assignments.map((assignment) => assignment.split('=')[0].trim()).find((key) => knobOf(key) !== null && !liveKnobs.some((knob) => `train.${knob}` === key));
  if (fixed !== undefined) throw new UserError(`\`${fixed}\` cannot change while it runs; ${liveKnobs.join(', ')} can`);
  const { train } = withAssignments(config, assignments.map((assignment) => assignment.replace(/^(?:train\.)?/, 'train.')));
  const changes = Object.fromEntries(Object.entries(train).filter(([key, value]) => !isDeepStrictEqual(value, config.train[key as keyof TrainConfig])));
  if (train.max_steps > 0 && train.max_steps < step) throw new UserError(`${called(run)} has done ${step} updates already: end it with workbench stop ${id}`);
  if (Object.keys(changes).length === 0) throw new UserError(`${called(run)} has those values already`);
  await change(home, id, changes);
  terminal.print(`${called(run)} takes ${Object.entries(changes).map(([key, value]) => `${key} = ${String(value)}`).join(', ')} from its next update on`);
}

function found(home: string, reference: string): RunRecord {
  const reader = openReader(home);
  try {
    return onlyRun(reader, reference);
  } finally {
    reader.close();
  }
}
