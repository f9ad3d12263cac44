import { buildSettings } from '@granary-tools/presets/tsup';
import type { Options } from 'tsup';

const settings: Options = buildSettings();

export default settings;
