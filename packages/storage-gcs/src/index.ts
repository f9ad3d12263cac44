export type { GcsNativeOptions } from './gcs-native.ts';
export { createGcs, type GcsOptions } from './gcs-provider.ts';
