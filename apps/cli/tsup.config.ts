import { buildSettings } from '@granary-tools/presets/tsup';
import type { Options } from 'tsup';

const settings: Options = buildSettings(['src/main.ts']);

export default settings;
