/** The table of keys in docs/search.md is made from the schema; after a change: npm run docs. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { searchKnobs } from '../../../src/config/search/schema.js';

const page = fileURLToPath(new URL('../../../docs/search.md', import.meta.url));
const title = '## The keys of a search file\n';

it('describes every key', async () => {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = searchKnobs.map((knob) => `| \`${knob.key}\` | ${cell(knob.expects)} | ${knob.default === undefined ? '(must be given)' : `\`${JSON.stringify(knob.default)}\``} | ${cell(knob.help)} |`);
  const written = readFileSync(page, 'utf8').split(title)[0];
  await expect(`${written}${title}\n${['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')}\n`).toMatchFileSnapshot(page);
});
