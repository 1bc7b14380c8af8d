import { describe, expect, it } from 'vitest';
import { decide, type Rung, type Standing } from '../../../src/runner/search/halving.js';

const rung: Rung = { metric: 'eval_loss', keep: 1 / 3, last: false };

/** A number: measured; null: nothing was; 'lost', 'open'. */
function standings(...trials: readonly (number | null | 'lost' | 'open')[]): Standing[] {
  return trials.map((trial, i) => (trial === 'lost' || trial === 'open' ? { number: i + 1, state: trial } : { number: i + 1, state: 'reached', value: trial }));
}

describe('a rung', () => {
  it.each<[string, Standing[], Partial<Rung>, number[]]>([
    ['the best third of nine', standings(9, 8, 7, 6, 5, 4, 3, 2, 1), {}, [9, 8, 7]],
    ['higher is better for accuracy', standings(0.5, 0.9, 0.7), { metric: 'accuracy' }, [2]],
    ['of equals the earlier trial', standings(2, 1, 1, 1, 3, 1), {}, [2, 3]],
    ['a share is rounded: 0.33 of 12 is 4', standings(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), { keep: 0.33 }, [1, 2, 3, 4]],
    ['a share is rounded: half of 3 is 2', standings(3, 2, 1), { keep: 0.5 }, [3, 2]],
    ['one at least', standings(2, 1), { keep: 0.1 }, [2]],
    ['who is alone goes on', standings(2), {}, [1]],
    ['lost ones are counted among those that came', standings('lost', 3, 2, 'lost', 1, 'lost'), {}, [5, 3]],
    ['as many as are left', standings('lost', 'lost', 'lost', 'lost', 'lost', 1), { keep: 0.5 }, [6]],
    ['what is no number never goes on', standings(NaN, null, Infinity, 5), { keep: 0.5 }, [4]],
    ['nobody, where none is left', standings('lost', NaN), {}, []],
    ['of the last the best alone', standings(3, 1, 2), { last: true }, [2]],
  ])('%s', (_, given, change, winners) => {
    expect(decide(given, { ...rung, ...change })?.winners).toEqual(winners);
  });

  it('is not decided while one is open', () => {
    expect(decide(standings(1, 2, 'open'), rung)).toBeNull();
  });

  it('says of each loser what place it took, and who was not measured', () => {
    expect(decide(standings(1, 4, NaN, 3, null, 'lost', 2), { ...rung, keep: 0.2 })).toEqual({
      winners: [1],
      losers: [{ number: 7, place: '2nd of 7' }, { number: 4, place: '3rd of 7' }, { number: 2, place: '4th of 7' }],
      unmeasured: [3, 5],
    });
  });
});
