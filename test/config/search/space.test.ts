import { describe, expect, it } from 'vitest';
import { gridSets, gridSize, randomSets, type Domain, type Space } from '../../../src/config/search/space.js';

const range = (from: number, to: number, more: Partial<Extract<Domain, { from: number }>> = {}): Domain => ({ from, to, scale: 'linear', whole: false, points: null, ...more });
const space = (domains: Record<string, Domain>): Space => new Map(Object.entries(domains));

describe('random sets', () => {
  const both = space({ rate: range(1e-5, 1e-3, { scale: 'log' }), r: { values: [4, 8, 16] } });

  it('are the same for the same seed, and the first of more', () => {
    const twelve = randomSets(both, { seed: 42, trials: 12 });
    expect(randomSets(both, { seed: 42, trials: 12 })).toEqual(twelve);
    expect(randomSets(both, { seed: 42, trials: 30 }).slice(0, 12)).toEqual(twelve);
    expect(randomSets(both, { seed: 43, trials: 12 })).not.toEqual(twelve);
    expect(twelve.every(({ rate, r }) => Number(rate) >= 1e-5 && Number(rate) <= 1e-3 && [4, 8, 16].includes(Number(r)))).toBe(true);
  });

  it('give each key its own stream: another key changes nothing', () => {
    const rates = (given: Space) => randomSets(given, { seed: 1, trials: 8 }).map(({ rate }) => rate);
    expect(rates(space({ rate: range(0, 1), r: { values: [1, 2] } }))).toEqual(rates(space({ rate: range(0, 1) })));
  });

  it('are spread over the decades on a logarithmic scale, and over the numbers on a linear one', () => {
    const below = (scale: 'log' | 'linear') => randomSets(space({ rate: range(1e-4, 1, { scale }) }), { seed: 7, trials: 1000 }).filter(({ rate }) => Number(rate) < 1e-2).length;
    // 1e-2 is half of the way from 1e-4 to 1 in logarithms, and a hundredth of it in numbers; 1000 draws stray by 16 and 3.
    expect(Math.abs(below('log') - 500)).toBeLessThan(64);
    expect(Math.abs(below('linear') - 10)).toBeLessThan(13);
  });

  it('draw whole numbers up to both ends, alike often', () => {
    const drawn = Array.from({ length: 300 }, (_, seed) => randomSets(space({ n: range(1, 3, { whole: true }) }), { seed, trials: 1 })[0].n);
    for (const n of [1, 2, 3]) expect(Math.abs(drawn.filter((each) => each === n).length - 100)).toBeLessThan(33);
  });

  it('never repeat, and are fewer where there are no more', () => {
    const small = space({ r: { values: [4, 8, 16] }, rslora: { values: [true, false] } });
    const sets = randomSets(small, { seed: 42, trials: 10 });
    expect(sets).toHaveLength(6);
    expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(6);
  });

  it('are read and typed again: four digits', () => {
    for (const { rate } of randomSets(both, { seed: 5, trials: 20 })) expect(Number(rate)).toBe(Number(Number(rate).toPrecision(4)));
  });
});

describe('a grid', () => {
  it('has every combination, the last key changing fastest', () => {
    const grid = space({ a: { values: [1, 2] }, b: { values: ['x', 'y', 'z'] } });
    expect(gridSets(grid)).toEqual([{ a: 1, b: 'x' }, { a: 1, b: 'y' }, { a: 1, b: 'z' }, { a: 2, b: 'x' }, { a: 2, b: 'y' }, { a: 2, b: 'z' }]);
    expect(gridSize(grid)).toBe(6);
  });

  it('takes points of a range at even distances of its scale, both ends among them', () => {
    expect(gridSets(space({ rate: range(1e-4, 1e-2, { scale: 'log', points: 3 }) })).map(({ rate }) => rate)).toEqual([1e-4, 1e-3, 1e-2]);
    expect(gridSets(space({ share: range(0, 1, { points: 5 }) })).map(({ share }) => share)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    // Whole numbers that fall together are one.
    expect(gridSets(space({ r: range(1, 3, { whole: true, points: 5 }) })).map(({ r }) => r)).toEqual([1, 2, 3]);
  });
});
