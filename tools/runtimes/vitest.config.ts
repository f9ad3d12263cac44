import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

// What runs inside a browser is not counted here.
const settings: ViteUserConfig = testSettings({
  coveragePercent: { lines: 90, functions: 69, statements: 86, branches: 80 },
});

export default settings;
