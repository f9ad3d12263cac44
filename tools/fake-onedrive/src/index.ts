export type { FakeFault } from './fake-faults.ts';
export {
  type FakeOneDrive,
  type FakeOneDriveOptions,
  type NextFailure,
  startFakeOneDrive,
} from './start-fake-onedrive.ts';
