import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { idbHarness } from './harness.ts';

const platform = () => ({ indexedDB: new IDBFactory(), keyRange: IDBKeyRange });

const idb = idbHarness('idb over fake-indexeddb', { platform, options: { indexes: ['stars'] } });
describeConformance(idb, {
  rules: ['COND', 'BATCH', 'LIST', 'CAND', 'UP', 'META', 'COPY', 'MOVE'],
});
describeProperties(idb);
