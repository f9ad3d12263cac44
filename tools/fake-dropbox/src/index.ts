export type { FakeFault } from './fake-faults.ts';
export {
  type FakeDropbox,
  type FakeDropboxOptions,
  startFakeDropbox,
} from './start-fake-dropbox.ts';
