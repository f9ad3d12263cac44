import { buildSettings } from '@granary-tools/presets/tsup';
import type { Options } from 'tsup';

const settings: Options = buildSettings(['src/browser.ts', 'src/desktop.ts']);

export default settings;
