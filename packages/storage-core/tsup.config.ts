import { buildSettings } from '@granary-tools/presets/tsup';
import type { Options } from 'tsup';

const settings: Options = buildSettings(['src/index.ts', 'src/provider.ts']);

export default settings;
