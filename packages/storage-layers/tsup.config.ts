import { buildSettings } from '@granary-tools/presets/tsup';
import type { Options } from 'tsup';

const settings: Options = buildSettings(['src/mock.ts', 'src/retry.ts']);

export default settings;
