import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createS3',
  // With the SDK.
  maxBytes: 160 * 1024,
  withVite: false,
});
