/** What the screen says a run costs, with the real estimate of the model and the data that come with the program. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeEstimator } from '../../src/cli/screen/estimator.js';
import { readExperiment } from '../../src/config/file.js';
import { discoverDatasets } from '../../src/data/look/discover.js';
import { discoverModels } from '../../src/models/discover.js';
import type { Estimate } from '../../src/trainer/estimate.js';
import { formatBytes, formatCount, formatFlops } from '../../src/util/format.js';
import { repository, Workplace } from '../cli/workbench.js';
import { openHome, openSession } from './support.js';

const demo = join(repository, 'experiments', 'demo');
const quickstart = join(repository, 'experiments', 'quickstart.yaml');
const place = new Workplace();
const home = openHome({
  defaults: { ...readExperiment(quickstart).experiment },
  models: () => Promise.resolve(discoverModels({ paths: [demo] })),
  datasets: () => discoverDatasets([demo]),
  estimate: makeEstimator(place.env, () => []),
});

afterEach(() => {
  home.dispose();
  place.remove();
});

describe('what it takes', () => {
  it('is as much as max_length allows until the data is tokenised, and then what the command says', async () => {
    const session = await openSession(home, { columns: 120, rows: 40 });
    await session.until('an update, at max length', 'up to 2,048', '55,296', 'updates     200 ');
    expect(readdirSync(place.folder)).toEqual([]); // it only looked

    const { stdout, stderr } = await place.run('estimate', quickstart, '--json');
    expect(stderr).toBe('');
    const said = JSON.parse(stdout) as Estimate;
    session.press('right');
    await session.until('was lora');
    session.press('u');
    await session.until('an update, longest rows', `up to ${formatCount(said.tokens_per_step)} `, formatFlops(said.flops_per_step), `${formatBytes(said.memory_bytes)} of`);
    await session.until(`updates     ${said.steps} `, `an epoch  ${said.steps_per_epoch} `);
    session.close();
  });
});
