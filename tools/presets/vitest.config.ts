import type { ViteUserConfig } from 'vitest/config';
import { testSettings } from './src/vitest.ts';

const settings: ViteUserConfig = testSettings();

export default settings;
