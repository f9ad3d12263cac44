import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createGoogleDrive',
  maxBytes: 55_000,
  without: /googleapis|gaxios/,
});
