import { testSettings } from '@granary-tools/presets/vitest';
const s: any = testSettings({ testTimeoutMs: 20000 });
s.resolve.alias = { '@granary/storage-fs': '/tmp/granary/cli/fake/fs-alias.ts' };
export default s;
