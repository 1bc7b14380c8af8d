/** A look at the runs from time to time, which outlives a store that cannot be written just now. */
import { messageOf } from '../../util/errors.js';

/** Milliseconds from one look to the next; more after one that failed, as a locked store holds up whoever asks. */
const [every, afterFailure] = [1000, 5000];

/** Looks at once; returns what ends it. `failed` hears of an error once for each reason in a row. */
export function watchRuns(look: () => void, failed: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout;
  let told: string | null = null;
  function again(): void {
    let rest = every;
    try {
      look();
      told = null;
    } catch (error) {
      rest = afterFailure;
      if (messageOf(error) !== told) failed(error);
      told = messageOf(error);
    }
    timer = setTimeout(again, rest);
  }
  again();
  return () => clearTimeout(timer);
}
