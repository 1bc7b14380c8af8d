/** The keys of the doctor. */
import type { Table } from '../../screen.js';
import type { Message } from '../../state.js';
import { formatBytes } from '../../../util/format.js';

const scroll = (by: number): Message => ({ type: 'doctor', action: { type: 'scroll', by } });

const table: Table = {
  title: 'Doctor',
  bindings: [
    { keys: ['r'], does: 'look again', short: 'look again', when: ({ doctor: { looking } }) => !looking, act: () => ({ ask: 'examine' }) },
    {
      keys: ['x'], does: 'clear the cache of tokenised rows; asks', short: 'clear cache',
      act: ({ doctor: { found } }) => {
        const bytes = (found.caches ?? []).filter(({ name }) => name !== 'scratch').reduce((sum, cache) => sum + cache.bytes, 0);
        return { type: 'ask', dialog: { title: 'Clear', question: `Remove ${formatBytes(bytes)} of tokenised rows? Runs that begin tokenise theirs again; those that go on are not touched.`, answers: [{ keys: ['y'], does: 'remove them', then: [{ ask: 'clear-cache' }] }, { keys: ['n', 'esc', 'enter'], does: 'keep them', then: [] }] } };
      },
    },
    { keys: ['j', 'down'], does: 'scroll down', short: 'scroll', act: () => scroll(1) },
    { keys: ['k', 'up'], does: 'scroll up', act: () => scroll(-1) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => scroll(10) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => scroll(-10) },
    { keys: ['g', 'home'], does: 'to the top', act: () => scroll(-Infinity) },
  ],
};

export const doctorKeys: readonly Table[] = [table];

export function doctorTables(): readonly Table[] {
  return doctorKeys;
}
