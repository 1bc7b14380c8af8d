/** The op cases on TensorFlow.js's last resort, which no machine with WebAssembly chooses. */
import { describe, it } from 'vitest';
import type { Engine } from '../../../src/engine/contract.js';
import { TfjsExecutable } from '../../../src/engine/tfjs/executable.js';
import { tfjsEngine } from '../../../src/engine/tfjs/index.js';
import { cases } from '../cases.js';
import { checkCase } from '../check-case.js';

const plain: Engine = {
  ...tfjsEngine,
  compile: async (program, options) => new TfjsExecutable(program, { name: 'cpu', description: 'plain JavaScript' }, options),
};

describe.each(Object.entries(cases))('%s', (_, list) => {
  it.each(list)('$name', (opCase) => checkCase({ engine: plain, device: 'cpu' }, opCase));
});
