/** The recipe of code completion on a corpus of a few lines: what its script writes, what its filter keeps, what its loss counts. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readExperiment } from '../../src/config/file.js';
import { datasetTexts } from '../../src/data/corpus.js';
import { prepareDataset } from '../../src/data/dataset.js';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { learnTokenizer } from '../../src/data/tokenizer/train/index.js';
import { scratch } from '../data/fixtures.js';

const experiments = path.resolve(import.meta.dirname, '../../experiments');
const run = (args: readonly string[], env = process.env) => spawnSync(process.execPath, [path.join(experiments, 'code-completion.mjs'), ...args], { env, encoding: 'utf8' });

const used = 'import pandas as pd\nimport matplotlib.pyplot as plt\nfrom sklearn.svm import SVC\n\npd.plot()\nplt.show()\nsk = SVC()\nsk.fit(x)\nsk.predict(x)\n';

test('files that use the libraries are learned, by how often they do', async () => {
  const from = scratch({
    ...Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`lib/used_${i}.py`, `${used}# ${i}\n`])),
    'lib/again.py': `${used}# 0\n`,
    'lib/unused.py': 'import os\n\npandas = None\n',
    'lib/table.py': `import pandas as pd\n${'0.123456789, '.repeat(10_000)}\n`,
    'lib/latin.py': Buffer.from('# caf\xe9\nimport pandas as pd\n', 'latin1'),
    'lib/notes.txt': used,
  });
  const to = scratch();
  const made = run([to, from]);
  expect([made.status, made.stderr]).toEqual([0, '']);

  const { experiment } = readExperiment(path.join(experiments, 'code-completion.yaml'), { set: [`model=${to}/model`, `dataset.path=${to}/corpus`] });
  await learnTokenizer(datasetTexts(experiment.dataset, experiment.stage), { vocabSize: 330, special: ['<|endoftext|>'], minFrequency: 2, folder: experiment.model });
  const { train, eval: held, shares } = await prepareDataset(experiment, await loadTokenizer(experiment.model), { cacheFolder: scratch() });
  expect(shares[0].dropped).toEqual({ contains: 1, duplicate: 1, max_length: 1 });
  expect(held?.length).toBeGreaterThan(0);
  const factors = Array.from({ length: train.length }, (_, row) => train.factor(row) ?? 0);
  expect(Math.max(...factors)).toBeGreaterThan(8); // 1 + 3 of pd, plt, sk, fit and predict a file, at 128 tokens a row
  const { vocab_size: size, n_positions: positions } = JSON.parse(readFileSync(path.join(experiment.model, 'config.json'), 'utf8')) as Record<string, number>;
  expect([size, positions]).toEqual([4096, experiment.max_length]);
});

test('where nothing can be fetched or read, a sentence says what to give', () => {
  const to = scratch();
  const bare = run([to], { PATH: '' });
  expect([bare.status, bare.stdout]).toEqual([2, expect.stringContaining('fetching python3-pandas')]);
  expect(bare.stderr).toMatch(/^there is no apt-get on this machine, which is Debian's: give the \.deb files of .*, or folders with Python files, after the folder to write\n$/);
  const wrong = run([to, 'nowhere']);
  expect([wrong.status, wrong.stderr]).toEqual([2, 'there is no nowhere: give .deb files, or folders with Python files\n']);
});
