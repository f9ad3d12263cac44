import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({ testTimeoutMs: 30_000 });

export default settings;
