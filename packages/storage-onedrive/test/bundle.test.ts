import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createOneDrive',
  maxBytes: 57_800,
  without: /microsoft/,
});
