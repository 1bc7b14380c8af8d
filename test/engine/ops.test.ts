/** The op cases and the contract, on every engine that works here. */
import './software-gpu.js';
import { describe, expect, it } from 'vitest';
import type { Availability, Device, Engine, EngineName } from '../../src/engine/contract.js';
import { nodesOf, makeFn } from '../../src/graph/program.js';
import { Builder } from '../../src/graph/builder.js';
import type { DType, OpKind } from '../../src/graph/node.js';
import { cases, type OpCase } from './cases.js';
import { checkCase, type EngineOnDevice } from './check-case.js';
import { contract } from './contract-cases.js';

const engines: readonly { readonly name: EngineName; readonly device: Device; readonly load: () => Promise<Engine> }[] = [
  { name: 'reference', device: 'cpu', load: async () => (await import('../../src/engine/reference/index.js')).referenceEngine },
  { name: 'onnx', device: 'cpu', load: async () => (await import('../../src/engine/onnx/index.js')).onnxEngine },
  { name: 'onnx', device: 'webgpu', load: async () => (await import('../../src/engine/onnx/index.js')).onnxEngine },
  { name: 'tfjs', device: 'cpu', load: async () => (await import('../../src/engine/tfjs/index.js')).tfjsEngine },
];

const rows = Object.entries(cases).flatMap(([kind, list]) => list.map((opCase) => ({ kind, opCase })));

describe('op cases', () => {
  it.each(rows)('$kind: $opCase.name has the op in it', ({ kind, opCase }) => {
    const g = new Builder();
    const operands = opCase.operands.map(({ shape, dtype, held }, i) => (held ? g.variable(`${i}`, shape.map(Number), dtype) : g.input(`${i}`, shape, dtype)));
    expect(nodesOf(makeFn('case', { result: opCase.build(g, operands) })).map((node) => node.kind)).toContain(kind);
  });
});

for (const { name, device, load } of engines) {
  const engine = await load();
  const availability = (await engine.probe()).find((row) => row.device === device);
  describe(`${name} on ${device}`, () => {
    if (availability?.available !== true) {
      it.skip(`not available: ${reasonOf(availability)}`);
      return;
    }
    const on: EngineOnDevice = { engine, device };
    const lacking = new Set<OpKind | DType>(engine.unsupported(device));
    for (const { kind, opCase } of rows) {
      const reason = opCase.skip?.[name] ?? unsupported(opCase, lacking);
      if (reason === null) it(`${kind}: ${opCase.name}`, () => checkCase(on, opCase));
      else it.skip(`${kind}: ${opCase.name} (${reason})`);
    }
    for (const [promise, check] of Object.entries(contract)) it(promise, () => check(on));
  });
}

function reasonOf(availability: Availability | undefined): string {
  return availability === undefined ? 'the engine does not know the device' : availability.detail;
}

function unsupported({ operands, build }: OpCase, lacking: ReadonlySet<OpKind | DType>): string | null {
  const g = new Builder();
  const result = build(g, operands.map(({ shape, dtype }, i) => g.input(`${i}`, shape, dtype)));
  const missing = nodesOf(makeFn('case', { result })).find((node) => lacking.has(node.kind) || lacking.has(node.dtype));
  return missing === undefined ? null : `no ${missing.kind} of ${missing.dtype}`;
}
