import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

// What is not covered yet is mostly what faults of the system lead to: see the coverage report.
const settings: ViteUserConfig = testSettings({
  coveragePercent: { lines: 89, functions: 88, statements: 87, branches: 78 },
});

export default settings;
