// Opens a vault and makes calls on it, one after the other; prints what came of each as JSON, a line each.
import { createRequire } from 'node:module';
import { isStorageError } from '@granary/storage-core';
import type { KeytarModule } from '../../src/node.ts';
import {
  createVault,
  fileDriver,
  keyringDriver,
  keytarDriver,
  memoryDriver,
} from '../../src/node.ts';
import type { CallSettings } from '../run-calls.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as CallSettings;

function driverOf({ driver, name = 'test', folder = '', keytarFolder = '' }: CallSettings) {
  switch (driver) {
    case 'keyring':
      return keyringDriver({ name, folder });
    case 'keytar': {
      const require = createRequire(import.meta.url);
      const keytar = require(`${keytarFolder}/lib/keytar.js`) as KeytarModule;
      return keytarDriver({ name, folder, keytar });
    }
    case 'file':
      return fileDriver({ path: `${folder}/vault.json`, keyFile: `${folder}/key` });
    default:
      return memoryDriver();
  }
}

const vault =
  settings.driver === 'auto'
    ? createVault({
        folder: settings.folder ?? '',
        ...(settings.file && { file: settings.file }),
        name: settings.name ?? 'test',
      })
    : createVault({ driver: driverOf(settings) });

for (const [operation, ...args] of settings.calls) {
  try {
    const method = vault[operation as 'get'] as (...args: readonly unknown[]) => Promise<unknown>;
    const result = await method(...args);
    const isSecret = operation === 'get' && result !== undefined;
    const value = isSecret
      ? (result as { reveal(): string }).reveal()
      : result instanceof Uint8Array
        ? Buffer.from(result).toString('hex')
        : result;
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    const told = isStorageError(error) ? error.toJSON() : { message: String(error) };
    console.log(JSON.stringify({ error: told }));
  }
}
await vault.close();
