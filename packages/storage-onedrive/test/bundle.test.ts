import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createOneDrive',
  maxBytes: 56_500,
  without: /microsoft/,
});
