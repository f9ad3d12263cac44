import { describe, expect, test } from 'vitest';
import { buildSettings } from './tsup.ts';
import { testSettings } from './vitest.ts';

describe('testSettings', () => {
  test('gates every kind of coverage at 95 percent', () => {
    expect(testSettings().test?.coverage?.thresholds).toEqual({
      lines: 95,
      functions: 95,
      statements: 95,
      branches: 95,
    });
  });

  test('resolves the sources of other packages before their builds', () => {
    expect(testSettings().resolve?.conditions?.[0]).toBe('@granary/source');
    expect(testSettings().ssr?.resolve?.conditions?.[0]).toBe('@granary/source');
  });

  test('takes another limit for slow tests', () => {
    expect(testSettings().test?.testTimeout).toBe(10_000);
    expect(testSettings({ testTimeoutMs: 60_000 }).test?.testTimeout).toBe(60_000);
  });
});

describe('buildSettings', () => {
  test('builds the given entries as ES modules and leaves declarations to tsc', () => {
    expect(buildSettings(['src/index.ts'])).toMatchObject({
      entry: ['src/index.ts'],
      format: ['esm'],
      dts: false,
    });
  });
});
