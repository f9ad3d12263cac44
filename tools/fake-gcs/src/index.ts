export type { FakeFault } from './fake-faults.ts';
export type { BucketSettings, CorsRule } from './gcs-state.ts';
export type { FakeCredentials } from './oauth.ts';
export { type FakeGcs, type FakeGcsOptions, startFakeGcs } from './start-fake-gcs.ts';
