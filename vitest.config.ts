import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Native engines keep threads of their own, which a worker thread of the test runner must not share.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
