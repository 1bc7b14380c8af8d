/** What the documentation says of the events is what they have. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Progress, TrainEvent } from '../../src/trainer/events.js';

type Kind = TrainEvent['type'];
type Keys<Event> = Event extends unknown ? Exclude<keyof Event, 'type' | keyof Progress> : never;
type Of<K extends Kind> = Extract<TrainEvent, { readonly type: K }>;
type Missing<Event, K extends PropertyKey> = object extends Pick<Event, K & keyof Event> ? '?' : '';

/** Every field of every event, and whether it may be left out: a field that is new or gone does not compile. */
const fields: { readonly [K in Kind]: { readonly [Key in Keys<Of<K>>]-?: Missing<Of<K>, Key> } } = {
  preparing: { bytes: '', total_bytes: '', elapsed_time: '', remaining_time: '' },
  started: { trainable_parameters: '', total_parameters: '', estimated_memory_bytes: '', train_rows: '', eval_rows: '', engine: '', sets: '?' },
  resumed: { checkpoint: '' },
  changed: { changes: '' },
  step: { loss: '', learning_rate: '', grad_norm: '', tokens_seen: '', tokens_per_second: '', elapsed_time: '', remaining_time: '', memory_bytes: '' },
  eval: { eval_loss: '', perplexity: '', accuracy: '', set_losses: '?', scores: '?', eval_seconds: '' },
  sample: { prompt: '', text: '', apart: '?' },
  checkpoint: { path: '', bytes: '' },
  warning: { message: '', refusal: '?' },
  paused: {},
  completed: { output: '', reason: '?', best: '?', peak_memory_bytes: '', measurement: '?' },
  stopped: { reason: '', output: '', best: '?' },
  failed: { reason: '', user: '', refusal: '?', out_of_memory: '?' },
};

const without = { preparing: true, warning: true, failed: true } as const satisfies Record<Exclude<Kind, Extract<TrainEvent, Progress>['type']>, true>;

const [, section] = readFileSync(new URL('../../docs/interfaces.md', import.meta.url), 'utf8').split('## Events\n');
const rows = new Map([...section.split('\n## ')[0].matchAll(/^\| `(\w+)` \| (.*) ?\|$/gm)].map(([, type, text]) => [type, text]));

it('every event is in the table, and nothing else', () => {
  expect([...rows.keys()].sort()).toEqual(Object.keys(fields).sort());
  expect(section).toContain(`all but ${Object.keys(without).map((type) => `\`${type}\``).join(', ').replace(/, (?=[^,]*$)/, ' and ')} also \`step\``);
});

it.each(Object.entries(fields))('%s has its fields there', (type, of) => {
  for (const [field, mark] of Object.entries(of)) expect(rows.get(type)).toContain(`\`${field}${mark}\``);
});
