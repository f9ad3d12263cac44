import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({ browser: true, testTimeoutMs: 60_000 });

export default settings;
