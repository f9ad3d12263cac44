import { ContainerClient } from '@azure/storage-blob';
import { inject } from 'vitest';
import type { AzureOptions } from '../src/index.ts';

/** An empty container of the server, reached at its address or at that of a proxy before it. */
export async function newContainer(
  base?: string,
): Promise<{ readonly options: AzureOptions; readonly remove: () => Promise<unknown> }> {
  const { accountName, accountKey, connectionString, endpoint } = inject('azure');
  const container = `test-${crypto.randomUUID()}`;
  const client = new ContainerClient(connectionString, container);
  await client.create();
  return {
    options: { container, accountName, accountKey, endpoint: atBase(endpoint, base) },
    remove: () => client.delete(),
  };
}

function atBase(endpoint: string, base: string | undefined): string {
  return base === undefined ? endpoint : new URL(new URL(endpoint).pathname, base).href;
}
