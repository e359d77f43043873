import { defineConfig } from 'vitest/config';

const project = (name: string, slow = false) => ({
  test: {
    name,
    include: name === 'unit' ? ['test/unit/**/*.test.ts', 'test/*.test.ts'] : [`test/${name}/**/*.test.ts`],
    testTimeout: slow ? 60_000 : 20_000,
    hookTimeout: 120_000,
    pool: 'forks' as const,
    ...(slow ? { globalSetup: ['test/support/postgres.ts'] } : {}),
  },
});

export default defineConfig({
  test: {
    projects: [project('unit'), project('integration', true), project('e2e', true), project('conformance', true)],
    // Two cores are what the smallest supported machine has; more workers only fight over them and PostgreSQL.
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/**/generated/**'] },
  },
});
