import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Native engines keep threads of their own, which a worker thread of the test runner must not share.
    pool: 'forks',
    // On two cores it would be one: many tests wait for processes of their own.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A test waits for what it expects; these end only one that never comes, on however busy a machine.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
