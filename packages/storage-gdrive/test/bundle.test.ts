import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createGoogleDrive',
  maxBytes: 57_000,
  without: /googleapis|gaxios/,
});
