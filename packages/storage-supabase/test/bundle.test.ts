import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createSupabase',
  // With storage-js.
  maxBytes: 56_000,
  withVite: false,
});
