import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Follower } from '../../src/cli/follow.js';
import { openStore } from '../../src/store/store.js';
import type { TrainEvent } from '../../src/trainer/events.js';
import { experiment, stepEvent } from './samples.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-follow-'));
const store = openStore(home);
const { id } = store.createRun({ name: 'run', config: experiment });
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const told = (follower: Follower) => follower.news().map(({ event }) => event);
const begin = Date.UTC(2026, 0, 1);
function record(second: number, event: TrainEvent): void {
  store.record(id, event, new Date(begin + 1000 * second).toISOString());
}
const evaluation = (step: number): TrainEvent => ({ type: 'eval', step, total_steps: 200, epoch: step / 100, eval_loss: 2, perplexity: 7.4, accuracy: null, eval_seconds: 1 });

it('begins with where the run stands, then gives what is new, in order and once', () => {
  record(0, { type: 'started', step: 0, total_steps: 200, epoch: 0, trainable_parameters: 1, total_parameters: 2, estimated_memory_bytes: 3, train_rows: 4, eval_rows: 5, engine: 'reference' });
  for (let step = 1; step <= 10; step++) record(step, stepEvent(step));
  record(11, evaluation(10));
  const follower = new Follower(store, id);
  expect(told(follower)).toMatchObject([{ type: 'started', engine: 'reference', train_rows: 4 }, { type: 'eval', step: 10, eval_loss: 2, accuracy: null, eval_seconds: null }, { type: 'step', step: 10, loss: 2.5 }]);
  expect(follower.news()).toEqual([]);
  expect(new Follower(store, id).news().map(({ time }) => time)).toEqual([0, 11, 11].map((second) => new Date(begin + 1000 * second).toISOString()));

  record(12, stepEvent(11));
  record(13, { type: 'checkpoint', step: 11, total_steps: 200, epoch: 0.11, path: 'c', bytes: 7 });
  store.recordControl(id, 'stop', new Date(begin + 13_500).toISOString());
  record(14, stepEvent(12));
  record(15, { type: 'stopped', step: 12, total_steps: 200, epoch: 0.12, reason: 'asked', output: 'o' });
  const news = told(follower);
  expect(news.map(({ type }) => type)).toEqual(['step', 'checkpoint', 'step', 'stopped']);
  expect(news[1]).toMatchObject({ step: 11, path: 'c', bytes: 7 });
  // 12 steps in 14 seconds, 188 to go.
  expect(news[2]).toMatchObject({ step: 12, total_steps: 200, epoch: 0.12, elapsed_time: 14, remaining_time: (14 / 12) * 188, tokens_seen: 512 * 12 });
  expect(told(new Follower(store, id)).map(({ type }) => type)).toEqual(['started', 'eval', 'step', 'stopped']);
  expect(news[3]).toEqual({ type: 'stopped', step: 12, total_steps: 200, epoch: 0.12, reason: 'asked', output: 'o' });
});

it('has the losses of the sets of a mixture', () => {
  const mixed = { ...evaluation(13), set_losses: { 'en.json': 1.5, 'zh.json': 2.5 }, scores: { rouge1: 40, rouge2: 20, rougeL: 30, bleu: 10, exact_match: 5 } } as TrainEvent;
  const follower = new Follower(store, id);
  follower.news();
  record(16, mixed);
  expect(told(follower)).toMatchObject([{ type: 'eval', step: 13, set_losses: { 'en.json': 1.5, 'zh.json': 2.5 }, scores: { rouge1: 40, rouge2: 20, rougeL: 30, bleu: 10, exact_match: 5 } }]);
});

it('counts neither a rest nor a queue as time of training', () => {
  const { id: other } = store.createRun({ name: 'rested', config: experiment });
  const say = (second: number, event: TrainEvent) => store.record(other, event, new Date(begin + 1000 * second).toISOString());
  const start = { type: 'started', step: 0, total_steps: 200, epoch: 0, trainable_parameters: 1, total_parameters: 2, estimated_memory_bytes: 3, train_rows: 4, eval_rows: 5, engine: 'reference' } as const;
  say(0, start);
  say(10, stepEvent(10));
  say(11, { type: 'stopped', step: 10, total_steps: 200, epoch: 0.1, reason: 'asked', output: 'o' });
  say(5000, { ...start, step: 10 });
  const follower = new Follower(store, other);
  expect(told(follower).find(({ type }) => type === 'step')).toMatchObject({ step: 10, elapsed_time: 11 });
  say(5020, stepEvent(20));
  expect(told(follower)).toMatchObject([{ type: 'step', step: 20, elapsed_time: 31, remaining_time: 2 * 180 }]);
});

it('does not take the end of an earlier part for the end', () => {
  store.requeue(id, experiment);
  expect(told(new Follower(store, id)).map(({ type }) => type)).toEqual(['started', 'eval', 'step']);
});
