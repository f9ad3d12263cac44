import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({ testTimeoutMs: 30_000 });
const { test = {} } = settings;
const { coverage, ...rest } = test;

const benchSettings: ViteUserConfig = {
  ...settings,
  test: {
    ...rest,
    coverage: {
      ...coverage,
      exclude: [
        'src/**/*.test.ts',
        // Adapters of other people's libraries: the smoke test runs each of them.
        'src/peers/**',
        // What runs in pages of a browser: the smoke test runs each there.
        'src/page/stores/**',
        'src/page/page.ts',
        'src/page/sync-handle-worker.ts',
        'src/subjects/browser-*.ts',
        // Entry points of processes of their own.
        'src/main.ts',
        'src/worker.ts',
      ],
    },
  },
};

export default benchSettings;
