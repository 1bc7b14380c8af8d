import { describe, expect, it } from 'vitest';
import { drawMasks } from '../../src/trainer/dropout.js';

const masks = [
  { name: 'dropout.a', shape: ['B', 'T', 64], p: 0.1 },
  { name: 'dropout.b', shape: ['B', 'T', 64], p: 0.1 },
] as const;

describe('drawMasks', () => {
  const drawn = drawMasks(masks, { B: 4, T: 32 }, [42, 7, 0]);

  it('drops a share p', () => {
    const { data, shape } = drawn['dropout.a'];
    expect(shape).toEqual([4, 32, 64]);
    const kept = Array.from(data).filter((bit) => bit === 1).length / data.length;
    expect(kept).toBeGreaterThan(0.88);
    expect(kept).toBeLessThan(0.92);
  });

  it('is a function of seed, update and micro-step, and of its own name', () => {
    expect(drawMasks(masks, { B: 4, T: 32 }, [42, 7, 0])).toEqual(drawn);
    expect(drawMasks(masks, { B: 4, T: 32 }, [42, 8, 0])['dropout.a'].data).not.toEqual(drawn['dropout.a'].data);
    expect(drawn['dropout.b'].data).not.toEqual(drawn['dropout.a'].data);
  });

  it('keeps everything at p = 0', () => {
    const { data } = drawMasks([{ name: 'm', shape: [7], p: 0 }], { B: 1, T: 1 }, [1])['m'];
    expect([...data]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });
});
