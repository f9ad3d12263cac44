import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({ browser: true, testTimeoutMs: 60_000 });
// It goes to a worker as text, where what counts is not known.
settings.test?.coverage?.exclude?.push('src/opfs-serve-files.ts');

export default settings;
