export type { S3Condition } from './s3-conditions.ts';
export type { S3NativeOptions } from './s3-native.ts';
export { createS3, type S3Options } from './s3-provider.ts';
