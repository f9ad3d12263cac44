import { sharedStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { afterAll, test } from 'vitest';
import { createSupabase } from '../src/index.ts';
import { SERVICE_GAPS } from './supabase-gaps.ts';

const {
  GRANARY_LIVE_SUPABASE_URL: url,
  GRANARY_LIVE_SUPABASE_KEY: key,
  GRANARY_LIVE_SUPABASE_BUCKET: bucket,
} = process.env;

if (url && key && bucket) {
  const store = sharedStore(() => createSupabase.provider({ url, key, bucket }));
  const harness = {
    name: 'supabase, a real project',
    create: store.create,
    knownGaps: SERVICE_GAPS,
    timeoutMs: 60_000,
  };
  describeConformance(harness);
  describeProperties(harness);
  afterAll(store.close);
} else {
  test('keeps the contract in a real project', ({ skip }) => {
    skip(
      'set GRANARY_LIVE_SUPABASE_URL, GRANARY_LIVE_SUPABASE_KEY and GRANARY_LIVE_SUPABASE_BUCKET to run the kit against a real project',
    );
  });
}
