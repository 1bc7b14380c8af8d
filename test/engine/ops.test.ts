/** The op cases and the contract on the engines of the CPU. */
import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import { makeFn, nodesOf } from '../../src/graph/program.js';
import { caseRows, describeEngine } from './run-engine.js';

describe('op cases', () => {
  it.each(caseRows)('$kind: $opCase.name has the op in it', ({ kind, opCase }) => {
    const g = new Builder();
    const operands = opCase.operands.map(({ shape, dtype, held }, i) => (held ? g.variable(`${i}`, shape.map(Number), dtype) : g.input(`${i}`, shape, dtype)));
    expect(nodesOf(makeFn('case', { result: opCase.build(g, operands) })).map((node) => node.kind)).toContain(kind);
  });
});

await describeEngine({ name: 'reference', device: 'cpu', load: async () => (await import('../../src/engine/reference/index.js')).referenceEngine });
await describeEngine({ name: 'onnx', device: 'cpu', load: async () => (await import('../../src/engine/onnx/index.js')).onnxEngine });
await describeEngine({ name: 'tfjs', device: 'cpu', load: async () => (await import('../../src/engine/tfjs/index.js')).tfjsEngine });
