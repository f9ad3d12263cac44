import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { type FakeFault, startFakeSupabase } from '@granary-tools/fake-supabase';
import { createSupabase } from '../src/index.ts';
import { SERVICE_GAPS } from './supabase-gaps.ts';

const FAULTS: readonly string[] = [
  'unavailable',
  'second-page',
  'ignore-range',
  'cut-body',
  'lost-reply',
] satisfies readonly FakeFault[];

const harness: Harness = {
  name: 'supabase over its fake',
  knownGaps: SERVICE_GAPS,
  timeoutMs: 60_000,
  async create() {
    const service = await startFakeSupabase();
    const { url, serviceKey: key } = service;
    const open = (bucket = 'photos') => createSupabase.provider({ url, key, bucket, retry: false });
    return {
      provider: open(),
      reopen: () => open(),
      close: () => service.stop(),
      outside: {
        requests: service.requests,
        secrets: [key],
        advance: service.advance,
        missing: () => open('no-such-bucket'),
        fault(name) {
          if (name !== undefined && !FAULTS.includes(name)) return false;
          service.fault(name as FakeFault | undefined);
          return true;
        },
      },
    };
  },
};

describeConformance(harness);
describeProperties(harness);
