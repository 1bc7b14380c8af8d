import { expect, it } from 'vitest';
import { pathKeys, setKey } from '../../src/config/keys.js';
import { knobs } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';
import { modelCard } from '../../src/export/card.js';

it('names no folder of the machine, whichever key it is in', () => {
  const given = { on_finish: 'scp result /home/me/secret/finished', dataset: { mix: [{ path: '/home/me/secret/mixed.jsonl', format: 'text' }, { name: 'entry' }] } };
  const paths = knobs.filter(({ path }) => path).map(({ key }) => key);
  for (const key of paths) setKey(given, key, `/home/me/secret/of-${key}`);
  const experiment = parseExperiment(given);
  expect(paths.length).toBeGreaterThan(5);
  expect(pathKeys(experiment)).toEqual([...paths, 'dataset.mix.0.path', 'dataset.mix.1.path']);

  const card = modelCard(experiment, { name: 'mine', step: 1, tokens_seen: null, train_loss: null, eval_loss: null, perplexity: null, accuracy: null, trainable_parameters: null, total_parameters: null }, 'peft');
  expect(card).not.toContain('/home/me');
  for (const key of paths) expect(card).toContain(`of-${key}`);
  expect(card).toContain('path: mixed.jsonl');
});
