import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const base: ViteUserConfig = testSettings({ browser: true, testTimeoutMs: 120_000 });
/** The page is waited for, however busy the machine is. */
const settings: ViteUserConfig = {
  ...base,
  test: { ...base.test, expect: { poll: { timeout: 20_000 } } },
};

export default settings;
