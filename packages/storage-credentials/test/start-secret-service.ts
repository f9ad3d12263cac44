import { startSecretService } from '@granary-tools/services';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Variables that name a Secret Service for the tests, or why there is none. */
    readonly secretService: Readonly<Record<string, string>> | string;
  }
}

/**
 * One service for all tests that only store and read. It outlives the processes of the tests: GLib ends
 * a process that has used a bus when that bus goes.
 */
let stop: (() => Promise<void>) | undefined;

export async function setup(project: TestProject): Promise<void> {
  if (process.platform !== 'linux') {
    project.provide('secretService', 'A Secret Service is a thing of Linux.');
    return;
  }
  try {
    const service = await startSecretService();
    stop = service.stop;
    project.provide('secretService', service.variables);
  } catch (error) {
    project.provide('secretService', (error as Error).message);
  }
}

export async function teardown(): Promise<void> {
  await stop?.();
}
