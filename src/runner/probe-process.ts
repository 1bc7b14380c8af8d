/** Entry of a probe's process: trains until it is killed, and ends with whoever started it. */
import { parseExperiment } from '../config/parse.js';
import { chooseEngine } from '../engine/registry.js';
import { train } from '../trainer/train.js';
import type { ProbeMessage, ProbeRequest } from './protocol.js';

process.on('disconnect', () => process.exit());
process.once('message', ({ home, folder, experiment }: ProbeRequest) => {
  void train(parseExperiment(experiment), {
    runFolder: folder,
    home,
    resumeFrom: [],
    emit: (event) => process.send?.({ type: 'event', event, time: performance.now() } satisfies ProbeMessage),
    log: () => undefined,
    takeControls: () => [],
    takeChanges: () => [],
    closeChanges: () => true,
    chooseEngine,
  }).finally(() => process.disconnect());
});
