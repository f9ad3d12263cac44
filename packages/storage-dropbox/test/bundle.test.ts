import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createDropbox',
  maxBytes: 52_000,
  without: /\/dropbox@|node-fetch/,
});
