import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createGoogleDrive',
  maxBytes: 56_000,
  without: /googleapis|gaxios/,
});
