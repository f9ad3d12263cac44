import { startAzure } from '@granary-tools/services';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    readonly azure: {
      readonly endpoint: string;
      readonly accountName: string;
      readonly accountKey: string;
      readonly connectionString: string;
    };
  }
}

/** Starts one server for all test files, on a port of its own. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { stop, ...facts } = await startAzure();
  provide('azure', facts);
  return () => stop();
}
