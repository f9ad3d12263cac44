import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createOneDrive',
  maxBytes: 54_000,
  without: /microsoft/,
});
