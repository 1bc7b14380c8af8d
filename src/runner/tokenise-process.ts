/** Entry of the process that tokenises the rows of a run: it ends with whoever started it, and what is done of them is kept. */
import { parseExperiment } from '../config/parse.js';
import { tokeniseRows } from '../trainer/rows.js';
import { messageOf, UserError } from '../util/errors.js';
import type { TokeniseMessage, TokeniseRequest } from './protocol.js';

async function answerTo({ experiment, ...place }: TokeniseRequest): Promise<TokeniseMessage> {
  try {
    await tokeniseRows(parseExperiment(experiment), place, (progress) => process.send?.({ type: 'preparing', progress } satisfies TokeniseMessage));
    return { type: 'tokenised', peak_memory_bytes: process.resourceUsage().maxRSS * 1024 };
  } catch (error) {
    return { type: 'failed', reason: messageOf(error), user: error instanceof UserError };
  }
}

/**
 * V8 sees nothing of the memory behind the library's results, and would let hundreds of megabytes of them pile up before it looks for
 * any to give back.
 */
const collectingMs = 250;
setInterval(() => globalThis.gc?.(), collectingMs).unref();

process.on('disconnect', () => process.exit());
process.once('message', (request: TokeniseRequest) => {
  void answerTo(request).then((answer) => process.send?.(answer, () => process.disconnect()));
});
