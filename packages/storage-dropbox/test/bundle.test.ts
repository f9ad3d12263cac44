import { describeBundle } from '@granary-tools/presets/bundle';

describeBundle({
  factory: 'createDropbox',
  maxBytes: 53_500,
  without: /\/dropbox@|node-fetch/,
});
