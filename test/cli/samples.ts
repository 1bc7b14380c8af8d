/** A finished run and the ways of writing it, for the tests of what commands print. */
import { parseExperiment } from '../../src/config/parse.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { styleOf } from '../../src/cli/terminal.js';
import type { RunRecord } from '../../src/store/rows.js';
import type { StepEvent } from '../../src/trainer/events.js';
import { makeTheme } from '../../src/ui/theme.js';

export const plain = styleOf(makeTheme({ color: false, unicode: true }), false);

export const experiment = parseExperiment({ model: 'base', dataset: { path: 'rows.jsonl' }, lora: { r: 16 } });

export function runRecord(change: Partial<RunRecord> = {}): RunRecord {
  return {
    id: '1abc', name: 'first', state: 'completed', reason: null,
    created_at: '2026-01-01T10:00:00.000Z', started_at: '2026-01-01T10:00:01.000Z', ended_at: '2026-01-01T10:03:06.000Z', worked_seconds: 185, working_since: null,
    config: experiment, engine: 'onnx 1.30.0 on cpu, 2 threads', trainable_parameters: 12_288, total_parameters: 1_234_567,
    step: 100, total_steps: 100, epoch: 1, tokens_seen: 51_200, tokens_per_second: 812.4, train_loss: 1.25, eval_loss: 1.5,
    perplexity: 4.4817, best_eval_loss: 1.4, accuracy: null, peak_memory_bytes: 312e6, estimated_memory_bytes: 300e6,
    checkpoints: [{ step: 100, path: '/home/runs/1abc/checkpoints/step-100', valid: true }],
    resumed_from: null, output: '/home/runs/1abc/adapter', parent: null, tags: [], note: '', archived: false,
    ...change,
  };
}

export function stepEvent(step: number, change: Partial<StepEvent> = {}): StepEvent {
  return {
    type: 'step', step, total_steps: 200, epoch: step / 100, loss: 2.5, learning_rate: 2e-4, grad_norm: 0.75, tokens_seen: 512 * step,
    tokens_per_second: 1234, elapsed_time: step, remaining_time: 200 - step, memory_bytes: 2e8, ...change,
  };
}

/** A terminal that keeps what is written to it. */
export function memoryTerminal(change: Partial<Terminal> = {}): Terminal & { readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const write = (text: string) => void out.push(text);
  return {
    out, err, env: {}, interactive: false, width: 80, tableWidth: Infinity, height: Infinity, style: plain, write,
    print: (line = '') => write(`${line}\n`),
    note: (line) => void err.push(`${line}\n`),
    json: (value) => write(`${JSON.stringify(value)}\n`),
    ...change,
  };
}
