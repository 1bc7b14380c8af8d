/** Queue and playground in a real pseudo-terminal: a file is put in line, worked through, and its run answers as `workbench generate` does. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repository, Workplace } from '../../cli/workbench.js';
import { isBuilt, keys, PtyScreen } from '../pty.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-panes-'));
const screen = isBuilt ? new PtyScreen({ home: join(folder, 'home'), columns: 120, rows: 40 }) : null;
afterAll(() => screen?.close());

it.skipIf(!isBuilt)('queues a file, and generates the same text as the command (needs `npm run build`)', async () => {
  const demo = join(repository, 'experiments', 'demo');
  const file = join(folder, 'small.json');
  writeFileSync(file, JSON.stringify({
    name: 'small', model: join(demo, 'model'), dataset: { path: join(demo, 'reviews'), format: 'classification', max_samples: 16, val_size: 4 }, max_length: 64,
    train: { max_steps: 3, per_device_train_batch_size: 2, eval_steps: 0, learning_rate: 0.01 },
  }));
  const shown = screen!;
  await shown.until('Model', 'Queue');
  shown.press('5');
  await shown.until('Nothing runs and nothing waits');
  shown.press('a');
  await shown.until('path', 'Enter add');
  shown.press(file, keys.enter);
  await shown.until('3/3', 'completed');

  shown.press('6');
  await shown.until('run small  base, result');
  // Temperature 0.8, 12 tokens, seed 3.
  shown.press(keys.tab, '0.8', keys.enter, 'jjj', '12', keys.enter, 'j', '3', keys.enter);
  await shown.until('temperature 0.8', 'tokens 12', 'seed 3');
  shown.press('i', 'the film', keys.enter);
  await shown.until('Enter generate');

  const place = new Workplace(join(folder, 'home'));
  const said = async (subject: string) => (JSON.parse((await place.run('generate', subject, '--prompt', 'the film', '--temperature', '0.8', '--seed', '3', '--max-new-tokens', '12', '--json')).stdout) as { text: string }).text;
  const [base, result] = [await said(join(demo, 'model')), await said('small')];
  expect(base).not.toBe(result);
  const columns = shown.lines().filter((text) => text.startsWith('│') && text.includes('││'));
  const text = (column: 0 | 1): string => columns.map((row) => row.split('││')[column].replaceAll('│', '').trim()).join(' ').trim();
  expect([text(0), text(1)]).toEqual([base, result].map((each) => each.replaceAll(/\s+/g, ' ').trim()));

  shown.press('e');
  await shown.until('eval row 1 of 4', 'should say');
  shown.press('q');
  await shown.ended;
  place.remove();
}, 180_000);
