import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
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

  test('leaves a report and the coverage where the run of all packages wants them', () => {
    vi.stubEnv('GRANARY_TEST_REPORTS', undefined);
    expect(testSettings().test?.reporters).toEqual([expect.anything(), 'default']);
    expect(testSettings().test?.coverage?.reportsDirectory).toBe('coverage');
    vi.stubEnv('GRANARY_TEST_REPORTS', '/reports');
    expect(testSettings().test?.reporters).toHaveLength(3);
    expect(testSettings().test?.coverage?.reportsDirectory).toBe(
      join('/reports', 'tools-presets', 'html'),
    );
    vi.unstubAllEnvs();
  });

  test('runs what is named so in a Chromium, and the rest in Node', () => {
    vi.stubEnv('CHROMIUM_PATH', process.execPath);
    expect(testSettings().test?.projects).toBeUndefined();
    const { include, projects } = testSettings({ browser: true }).test ?? {};
    expect(include).toBeUndefined();
    const tests = projects?.map((project) => (project as { test: object }).test);
    expect(tests).toMatchObject([
      { name: 'node', exclude: [expect.stringContaining('.browser.test.ts'), expect.anything()] },
      { name: 'chromium', browser: { enabled: true, headless: true } },
    ]);
    vi.stubEnv('CHROMIUM_PATH', '/nowhere/chromium');
    expect(() => testSettings({ browser: true })).toThrow('/nowhere/chromium is not there');
    vi.unstubAllEnvs();
  });

  test('takes another limit for slow tests', () => {
    expect(testSettings().test?.testTimeout).toBe(10_000);
    expect(testSettings({ testTimeoutMs: 60_000 }).test?.testTimeout).toBe(60_000);
  });
});

describe('buildSettings', () => {
  const built = (manifest: object) => {
    const folder = mkdtempSync(join(tmpdir(), 'granary-presets-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    return buildSettings(folder);
  };

  test('builds each entry of a package once, as ES modules', () => {
    const index = { '@granary/source': './src/index.ts', default: './dist/index.js' };
    const settings = built({
      exports: { '.': index, './again': index, './package.json': './package.json' },
      bin: { acme: './dist/main.js', plain: './bin/plain.js' },
    });
    expect(settings).toMatchObject({ entry: ['src/index.ts', 'src/main.ts'], format: ['esm'] });
  });

  test('leaves declarations to tsc', () => {
    expect(built({})).toMatchObject({ entry: [], dts: false });
  });

  test('leaves the text of sources out of source maps', () => {
    const options = {};
    built({}).esbuildOptions?.(options, { format: 'esm' });
    expect(options).toEqual({ sourcesContent: false });
  });

  test('reads the package that it is run in', () => {
    vi.spyOn(process, 'cwd').mockReturnValue(
      join(import.meta.dirname, '..', '..', '..', 'packages', 'storage-core'),
    );
    expect(buildSettings().entry).toEqual(['src/index.ts', 'src/crypto.ts', 'src/provider.ts']);
    vi.restoreAllMocks();
  });
});
