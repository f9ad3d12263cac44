import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { guardProvider, withPrefix } from '@granary/storage-core/provider';
import { failure, systemWith } from './faults.ts';
import { foldingCalls } from './folding-calls.ts';
import { fsHarness } from './harness.ts';

const QUICK = { durability: 'none' } as const;

const fs = fsHarness('fs', QUICK);
describeConformance(fs);
describeProperties(fs);
describeConformance(fsHarness('fs on a disk that makes trouble', QUICK, { isWatched: true }), {
  rules: ['OPEN', 'KEY', 'GET', 'RANGE', 'PUT', 'LIST', 'WATCH', 'ABORT', 'ERR', 'ENG'],
  slow: false,
});
describeConformance(
  fsHarness('fs, all synced, on a disk that makes trouble', {}, { isWatched: true }),
  {
    rules: ['ERR', 'PUT-2'],
  },
);
describeConformance(
  fsHarness('a prefix view of fs', QUICK, {
    view: (provider) => guardProvider(withPrefix(provider, 'users/42')),
  }),
  // What a prefix changes here; core tests the rest of it.
  {
    rules: ['KEY-1', 'KEY-4', 'KEY-6', 'GET-1', 'PUT-1', 'LIST', 'COPY-1', 'MOVE', 'UP-1', 'WATCH'],
    slow: false,
  },
);

// What the options change; the rest is the same code.
describeConformance(fsHarness('fs, all synced', {}), {
  rules: ['PUT', 'DEL', 'MOVE'],
  slow: false,
});
describeConformance(fsHarness('fs, files synced', { durability: 'file' }), {
  rules: ['PUT'],
  slow: false,
});
const ATTRIBUTES = ['META', 'COPY', 'MOVE', 'DEL', 'COND'];
for (const companions of ['meta', 'manifest', 'none'] as const) {
  const name = `fs, attributes in ${companions}`;
  describeConformance(fsHarness(name, { ...QUICK, companions }), { rules: ATTRIBUTES });
}
describeConformance(fsHarness('fs with backups', { ...QUICK, backup: true }), {
  rules: ['GET', 'PUT', 'COPY', 'MOVE', 'DEL', 'UP'],
  slow: false,
});

// What other systems change.
const OPERATIONS = ['GET', 'PUT', 'COPY', 'MOVE', 'DEL', 'LIST', 'KEY'];
const withoutProc = systemWith({
  readlinkSync() {
    throw failure('ENOENT');
  },
});
describeConformance(fsHarness('fs without /proc', QUICK, { system: withoutProc }), {
  rules: [...OPERATIONS, 'UP', 'WATCH', 'CONC'],
  slow: false,
});
const onFoldingDisk = systemWith(foldingCalls(), { platform: 'darwin' });
describeConformance(fsHarness('fs that folds letter case', QUICK, { system: onFoldingDisk }), {
  rules: OPERATIONS,
  slow: false,
});
