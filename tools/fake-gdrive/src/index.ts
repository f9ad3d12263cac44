export { type DescribedMethod, METHODS, type MethodName } from './description.ts';
export type { FakeFault } from './fake-faults.ts';
export { FOLDER_TYPE, SHORTCUT_TYPE } from './file-resource.ts';
export {
  type FakeGdrive,
  type FakeGdriveOptions,
  type FakeRequestCount,
  startFakeGdrive,
} from './start-fake-gdrive.ts';
export { DRIVE_SCOPES, type FakeTokenOptions, type ScopeName } from './tokens.ts';
