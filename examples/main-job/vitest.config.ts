import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

// The job's branches are what it says of differences, which it must not find.
const settings: ViteUserConfig = testSettings({ coveragePercent: { branches: 75 } });

export default settings;
