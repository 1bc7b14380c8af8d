import { describe, it } from 'vitest';
import type { Device, Engine, EngineName } from '../../src/engine/contract.js';
import { Builder } from '../../src/graph/builder.js';
import type { DType, OpKind } from '../../src/graph/node.js';
import { makeFn, nodesOf } from '../../src/graph/program.js';
import { cases, type OpCase } from './cases.js';
import { checkCase } from './check-case.js';
import { contract } from './contract-cases.js';

export interface EngineLine {
  readonly name: EngineName;
  readonly device: Device;
  readonly load: () => Promise<Engine>;
}

const halfTypes = ['f16', 'bf16'] as const;

export const caseRows = Object.entries(cases).flatMap(([kind, list]) => list.map((opCase) => ({ kind, opCase })));

/** Declares the op cases and the contract as tests of an engine; where it is not available, one skipped test says why. */
export async function describeEngine({ name, device, load }: EngineLine): Promise<void> {
  const engine = await load();
  const availability = await engine.probe(device);
  const halves = await engine.halves(device);
  describe(`${name} on ${device}`, () => {
    if (!availability.available) {
      it.skip(`not available: ${availability.detail}`);
      return;
    }
    const on = { engine, device };
    const lacking = new Set<OpKind | DType>([...engine.unsupported(device), ...halfTypes.filter((type) => halves[type].kind === 'lacks')]);
    for (const { kind, opCase } of caseRows) {
      const reason = opCase.skip?.[name] ?? unsupported(opCase, lacking);
      if (reason === null) it(`${kind}: ${opCase.name}`, () => checkCase(on, opCase));
      else it.skip(`${kind}: ${opCase.name} (${reason})`);
    }
    for (const [promise, check] of Object.entries(contract)) it(promise, () => check(on));
  });
}

function unsupported({ operands, build }: OpCase, lacking: ReadonlySet<OpKind | DType>): string | null {
  const g = new Builder();
  const result = build(g, operands.map(({ shape, dtype }, i) => g.input(`${i}`, shape, dtype)));
  const missing = nodesOf(makeFn('case', { result })).find((node) => lacking.has(node.kind) || lacking.has(node.dtype));
  return missing === undefined ? null : `no ${missing.kind} of ${missing.dtype}`;
}
