import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({
  browser: true,
  globalSetup: ['test/start-secret-service.ts'],
  testTimeoutMs: 30_000,
});

export default settings;
