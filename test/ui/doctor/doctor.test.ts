/** The doctor as a user has it. */
import { afterEach, describe, expect, it } from 'vitest';
import { sectionsOf } from '../../../src/ui/screens/doctor/model.js';
import { sampleDoctor, sampleFindings } from '../samples.js';
import { openHome, openSession, overflow } from '../support.js';
import type { Home, Session } from '../support.js';

let home: Home;
let session: Session;

afterEach(() => {
  session.close();
  home.dispose();
});

describe('the doctor', () => {
  it('tells each part as it is found, and asks before it clears the cache', async () => {
    let cleared = 0;
    let more: (() => void) | null = null;
    home = openHome({
      doctor: sampleDoctor({
        examine: async (onFound) => {
          onFound({ store: sampleFindings.store });
          await new Promise<void>((resolve) => (more = resolve));
          onFound(sampleFindings);
        },
        clearTokenCache: () => Promise.resolve(++cleared * 6e6),
      }),
    });
    session = await openSession(home, { columns: 120, rows: 40 });
    session.press('7');
    await session.until('/home/w, 1 run, 120 MB, whole', 'engines  looking');
    more!();
    await session.until('onnx on cuda: no provider', 'Install it.', 'it answers after 42 ms, over SSH', '256 colours');
    session.press('x');
    await session.until('Remove 6.00 MB of tokenised rows?');
    session.press('enter');
    await session.gone('Remove 6.00');
    expect(cleared).toBe(0);
    session.press('x', 'y');
    await session.until('6.00 MB removed');
    expect(cleared).toBe(1);
  });

  it('says how old its look is, and looks again', async () => {
    let clock = Date.now();
    let looks = 0;
    home = openHome({ doctor: sampleDoctor({ examine: (onFound) => Promise.resolve(onFound({ ...sampleFindings, node: `20.20.${++looks}` })) }) });
    session = await openSession(home, { columns: 120, rows: 40 }, { now: () => clock });
    session.press('7');
    await session.until('Node 20.20.1', 'looked just now');
    clock += 5 * 3600_000;
    session.poll();
    await session.until('looked 5h ago: r looks again');
    session.press('r');
    await session.until('Node 20.20.2');
  });

  it.each([[72, 18], [80, 24], [200, 60]])('fits %i×%i, in plain characters too', async (columns, rows) => {
    home = openHome({ doctor: sampleDoctor() });
    session = await openSession(home, { columns, rows }, { unicode: false });
    session.press('7');
    await session.until('Node 20.20.2');
    expect(overflow(session.lines(), { columns, rows })).toEqual([]);
    session.press('g', 'ctrl+d', 'ctrl+d', 'ctrl+d');
    await session.until('workbench 0.1.0');
    expect(overflow(session.lines(), { columns, rows })).toEqual([]);
    // eslint-disable-next-line no-control-regex
    expect(session.frame()).toMatch(/^[\x00-\x7f]*$/);
  });

  it('says what is still being looked at', () => {
    home = openHome();
    session = { close: () => undefined } as Session;
    expect(sectionsOf({ caches: [] }).filter(({ findings }) => findings !== null).map(({ title }) => title)).toEqual(['caches']);
  });
});
