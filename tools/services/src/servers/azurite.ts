import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../free-port.ts';
import { answers } from './answers.ts';
import type { Server } from './server.ts';

// The account that every Azurite has.
// https://learn.microsoft.com/en-us/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key (2026-11-21)
const ACCOUNT_NAME = 'devstoreaccount1';
const ACCOUNT_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const START_TIMEOUT_MS = 30_000;
const MEMORY_MIB = 4096;

/** Microsoft's emulator of Azure Blob Storage, from npm. It keeps everything in memory. */
export const azurite: Server = {
  title: 'The Azure Blob server',

  async start(_folder, processes) {
    const [port] = await freePorts(1);
    const program = join(
      dirname(fileURLToPath(import.meta.resolve('azurite/package.json'))),
      'dist/src/blob/main.js',
    );
    processes.start(process.execPath, [
      program,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--inMemoryPersistence', '--extentMemoryLimit', String(MEMORY_MIB)],
      ...['--skipApiVersionCheck', '--silent', '--disableTelemetry'],
    ]);
    const endpoint = `http://127.0.0.1:${port}/${ACCOUNT_NAME}`;
    await processes.until('Azurite', () => answers(endpoint), START_TIMEOUT_MS);
    const connectionString = [
      'DefaultEndpointsProtocol=http',
      `AccountName=${ACCOUNT_NAME}`,
      `AccountKey=${ACCOUNT_KEY}`,
      `BlobEndpoint=${endpoint}`,
    ].join(';');
    return { endpoint, accountName: ACCOUNT_NAME, accountKey: ACCOUNT_KEY, connectionString };
  },
};
