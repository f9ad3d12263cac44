import { testSettings } from '@granary-tools/presets/vitest';
import type { ViteUserConfig } from 'vitest/config';

const settings: ViteUserConfig = testSettings({ testTimeoutMs: 90_000 });
// These files run inside browsers, where the tests of `test/browser.test.ts` use them.
settings.test?.coverage?.exclude?.push('src/in-page/**');

export default settings;
