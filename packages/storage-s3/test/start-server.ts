import { startS3 } from '@granary-tools/services';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The S3 server of this run. */
    s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string };
  }
}

/** Starts the server before all test files, and ends it after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...access } = await startS3();
  project.provide('s3', access);
  return stop;
}
