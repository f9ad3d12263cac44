import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createAzure',
  // With the SDK.
  maxBytes: 180 * 1024,
  withVite: false,
});
