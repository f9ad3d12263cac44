import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

/** Only what hangs runs into a limit: the page is waited for, however busy the machine is. */
const LIMIT_MS = 300_000;

const base: ViteUserConfig = testSettings({ browser: true, testTimeoutMs: LIMIT_MS });
const settings: ViteUserConfig = {
  ...base,
  test: { ...base.test, hookTimeout: LIMIT_MS, expect: { poll: { timeout: LIMIT_MS / 3 } } },
};

export default settings;
