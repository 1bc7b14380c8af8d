import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { maskedSum } from '../../src/export/tensorboard.js';
import { tensorBoard } from '../../src/runner/tensorboard.js';
import type { TrainEvent } from '../../src/trainer/events.js';
import { material } from '../golden/support.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-tb-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The messages of an event file; throws where a sum is wrong. */
function messagesIn(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 8) !== maskedSum(file.subarray(at, at + 8)) || file.readUInt32LE(at + 12 + length) !== maskedSum(data)) throw new Error(`a wrong sum at ${at}`);
    found.push(data);
    at += length + 16;
  }
  return found;
}

/** The fields of a message by number; nested messages stay bytes. */
function fieldsOf(message: Uint8Array): Record<number, unknown> {
  const reader = protobuf.Reader.create(message);
  const fields: Record<number, unknown> = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    fields[tag >>> 3] = [() => Number(reader.int64()), () => reader.double(), () => reader.bytes(), null, null, () => reader.float()][tag & 7]?.();
  }
  return fields;
}

const progress = (step: number) => ({ step, total_steps: 10, epoch: step / 10 });
const step = (at: number): TrainEvent => ({ type: 'step', ...progress(at), loss: 5 - at, learning_rate: 0.25, grad_norm: 1.5, tokens_seen: 100 * at, tokens_per_second: 10, elapsed_time: at, remaining_time: 1, memory_bytes: 1 });
const started = (at: number): TrainEvent => ({ type: 'started', ...progress(at), trainable_parameters: 1, total_parameters: 2, estimated_memory_bytes: 3, train_rows: 4, eval_rows: 5, engine: 'x' });

describe('event files', () => {
  it('hold the curves under the Trainer’s tags, each message with its sums', () => {
    const board = tensorBoard(parseExperiment({ model: 'm', dataset: { path: 'd' }, report_to: 'tensorboard' }), join(folder, 'tb'))!;
    const time = '2026-01-02T03:04:05.500Z';
    for (const event of [started(0), step(1), { type: 'eval', ...progress(1), eval_loss: 3, perplexity: 20, accuracy: null, eval_seconds: 2 }, { type: 'sample', ...progress(1), prompt: 'a', text: ' <b>' }] as const) board.record(event, time);
    const [name] = readdirSync(join(folder, 'tb'));
    expect(name).toMatch(/^events\.out\.tfevents\.1767323045\./);
    const events = messagesIn(readFileSync(join(folder, 'tb', name))).map(fieldsOf);
    expect(events[0]).toEqual({ 1: 1767323045.5, 3: Buffer.from('brain.Event:2') });
    const tags = events.flatMap(({ 5: summary }) => (summary === undefined ? [] : valuesOf(summary as Uint8Array)));
    expect(tags.map(({ 1: tag }) => String(tag))).toEqual(['args/text_summary', 'train/loss', 'train/grad_norm', 'train/learning_rate', 'train/epoch', 'train/num_input_tokens_seen', 'train/tokens_per_second', 'train/memory_bytes', 'eval/loss', 'eval/perplexity', 'eval/runtime', 'sample/a/text_summary']);
    expect(tags.find(({ 1: tag }) => String(tag) === 'train/loss')?.[2]).toBe(4);
  });

  it('are written where they are asked for, by a word or a list', () => {
    const asked = (report_to: unknown) => tensorBoard(parseExperiment({ model: 'm', dataset: { path: 'd' }, report_to }), folder) !== null;
    expect([asked(undefined), asked('none'), asked([]), asked(['tensorboard'])]).toEqual([false, false, false, true]);
  });

  it('have the sums that TensorFlow writes', () => {
    let file: Buffer;
    try {
      file = readFileSync(join(material, 'fixtures/tensorboard/events.out.tfevents.1585769947.cvp'));
    } catch {
      return expect(maskedSum(Buffer.from('123456789'))).toBe((((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0); // the check value of CRC-32C
    }
    expect(messagesIn(file).length).toBeGreaterThan(10);
  });
});

function valuesOf(summary: Uint8Array): Record<number, unknown>[] {
  const reader = protobuf.Reader.create(summary);
  const values: Record<number, unknown>[] = [];
  while (reader.pos < reader.len) {
    reader.uint32();
    values.push(fieldsOf(reader.bytes()));
  }
  return values;
}
