/** The op cases and the contract on TensorFlow.js's last resort, which no machine with WebAssembly chooses. */
import type { Engine } from '../../../src/engine/contract.js';
import { TfjsExecutable } from '../../../src/engine/tfjs/executable.js';
import { tfjsEngine } from '../../../src/engine/tfjs/index.js';
import { describeEngine } from '../run-engine.js';

const plain: Engine = {
  ...tfjsEngine,
  compile: async (program, options) => new TfjsExecutable(program, { name: 'cpu', description: 'plain JavaScript' }, options),
};

await describeEngine({ name: 'tfjs', device: 'cpu', load: async () => plain });
