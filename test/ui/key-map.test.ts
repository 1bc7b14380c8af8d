import { describe, expect, it } from 'vitest';
import { parseKeyMap, remapped } from '../../src/ui/key-map.js';
import { dispatchKey, footerKeys } from '../../src/ui/keys.js';
import type { KeyTable } from '../../src/ui/keys.js';
import { allTables } from '../../src/ui/key-tables.js';

const live: KeyTable<null, string> = {
  title: 'Live',
  bindings: [
    { keys: ['s'], does: 'stop', short: 'stop', act: () => 'stop' },
    { keys: ['p', 'c'], does: 'pause', short: 'pause', act: (_, key) => `pause ${key}` },
    { keys: ['x'], does: 'expunge', act: () => 'expunge' },
  ],
};

function press(value: unknown, key: string): readonly string[] {
  return dispatchKey([remapped(live, parseKeyMap(value, [live]).map)], null, key);
}

describe('a key map', () => {
  it('moves, adds and takes away keys, in dispatch and footer alike', () => {
    const file = { live: { s: 'x', p: ['p', 'space'], c: [] } };
    expect(press(file, 'x')).toEqual(['stop']);
    expect(press(file, 's')).toEqual([]);
    expect(press(file, 'space')).toEqual(['pause p']);
    expect(press(file, 'c')).toEqual([]);
    expect(footerKeys([remapped(live, parseKeyMap(file, [live]).map)], null)).toEqual([[['x'], 'stop'], [['p'], 'pause']]);
  });

  it('swaps two keys', () => {
    expect(press({ Live: { s: 'x', x: 's' } }, 's')).toEqual(['expunge']);
    expect(press({ Live: { s: 'x', x: 's' } }, 'x')).toEqual(['stop']);
  });

  it('holds in all tables where it says so', () => {
    expect(press({ all: { s: 'ctrl+s' } }, 'ctrl+s')).toEqual(['stop']);
  });

  it('says what it cannot use, and uses the rest', () => {
    const { map, problems } = parseKeyMap({ Lvie: { s: 'x' }, live: { z: 'a', s: 'hyper', p: 'o' } }, [live]);
    expect(problems).toEqual([
      'keys.yaml: there is no part `Lvie`: did you mean `Live`?',
      'keys.yaml: live: nothing is on `z` there; its keys are s p c x.',
      expect.stringContaining('`hyper` is no key'),
    ]);
    expect(map).toEqual({ live: { p: ['o'] } });
    expect(parseKeyMap('x', [live]).problems).toHaveLength(1);
  });

  it('finds every table of the program by one title, and no key twice in a table without a condition', () => {
    for (const { tables } of allTables) for (const { title, bindings } of tables) {
      const keys = bindings.filter(({ when }) => when === undefined).flatMap((binding) => binding.keys);
      expect(keys.filter((key, i) => keys.indexOf(key) !== i), title).toEqual([]);
    }
  });
});
