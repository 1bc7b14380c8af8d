import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the bundled screen has no class of errors of its own: what a service throws is told by its class', () => {
  const bundle = readFileSync(new URL('../../dist/ui/app.bundle.js', import.meta.url), 'utf8');
  expect(bundle).toMatch(/from\s*"\.\.\/util\/errors\.js"/);
  expect(bundle).not.toMatch(/name\s*=\s*["'`]UserError/);
});
