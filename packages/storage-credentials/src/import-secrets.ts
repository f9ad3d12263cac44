import { StorageError } from '@granary/storage-core';
import { checkSecret } from './check-secret.ts';
import {
  type Credential,
  credentialOf,
  entryOf,
  keyNameOf,
  titleOf,
  toCredential,
} from './credential-name.ts';
import type { RecordStore } from './record-store.ts';
import { isDriver, sourceOf } from './secret-sources.ts';
import type { ImportOptions, ImportReport } from './vault.ts';
import type { SecretSource, VaultDriver } from './vault-driver.ts';
import { vaultEntries } from './vault-entries.ts';
import { readOnlyError, toVaultError } from './vault-errors.ts';
import { decodeRecord, type VaultRecord } from './vault-record.ts';

/** One thing to take over. */
interface Candidate {
  readonly title: string;
  readonly entry: string;
  readonly credential: Credential | undefined;
  /** `undefined` when it went meanwhile. */
  read(): Promise<VaultRecord | undefined>;
  readonly remove: (() => Promise<unknown>) | undefined;
}

interface Findings {
  readonly imported: Credential[];
  readonly differing: Credential[];
  readonly keys: string[];
  readonly failed: { readonly name: string; readonly error: Error }[];
}

/** Takes everything over, one after the other; what fails stays where it is and stops nothing. */
export async function importSecrets(
  store: RecordStore,
  source: SecretSource | VaultDriver,
  { keepOld = false, only = () => true }: ImportOptions,
  now: () => string,
): Promise<ImportReport> {
  const report: Findings = { imported: [], differing: [], keys: [], failed: [] };
  if (isDriver(source)) await checkOtherPlace(store, source);
  const candidates = isDriver(source)
    ? await candidatesOfDriver(source)
    : await candidatesOfSource(source, now);
  for (const candidate of candidates) {
    const { credential, title } = candidate;
    if (credential !== undefined && !only(credential)) continue;
    try {
      await importOne(store, candidate, keepOld, report);
    } catch (error) {
      const place = { provider: store.driver.name, operation: 'importFrom', key: title };
      report.failed.push({ name: title, error: toVaultError(error, place) });
    }
  }
  return report;
}

/** What is taken over goes from where it was: it must not be where it is. */
async function checkOtherPlace(
  { driver, entries }: RecordStore,
  source: VaultDriver,
): Promise<void> {
  const probe = `!probe/${crypto.randomUUID()}`;
  await sourceOf(source).list();
  if (driver.isReadOnly) throw readOnlyError();
  await driver.exclusively(() => entries.write(probe, '-'));
  const isSame = (await source.entries()).includes(probe);
  await driver.exclusively(() => entries.remove(probe));
  if (!isSame) return;
  throw new StorageError('invalid-argument', 'a vault cannot take over from its own place.', {
    outcome: 'not-applied',
  });
}

async function importOne(
  store: RecordStore,
  candidate: Candidate,
  keepOld: boolean,
  report: Findings,
): Promise<void> {
  const { entry, credential, remove } = candidate;
  const record = await candidate.read();
  if (record === undefined) return;
  checkSecret(record.current.value);
  const here = await store.update(entry, (existing) => existing ?? record, { readBack: true });
  if (here?.current.value !== record.current.value) {
    if (credential !== undefined) report.differing.push(credential);
    else throw differingKey();
    return;
  }
  // A read of its own, after the change is over: what is removed next is the only other copy.
  const readBack = await store.read(entry);
  if (readBack?.current.value !== record.current.value) throw lost();
  if (!keepOld) await remove?.();
  if (credential !== undefined) report.imported.push(credential);
  else report.keys.push(candidate.title);
}

async function candidatesOfSource(
  source: SecretSource,
  now: () => string,
): Promise<readonly Candidate[]> {
  const { remove } = source;
  return (await source.list()).map((credential) => ({
    title: titleOf(credential),
    entry: entryOf(toCredential(credential)),
    credential,
    async read() {
      const value = await source.read(credential);
      if (value === undefined) return undefined;
      return { current: { value, version: 1, at: now() }, old: [] };
    },
    remove: remove && (() => remove(credential)),
  }));
}

/** With all versions, and data keys among them. */
async function candidatesOfDriver(driver: VaultDriver): Promise<readonly Candidate[]> {
  const entries = vaultEntries(driver);
  return (await entries.list()).flatMap((entry) => {
    const credential = credentialOf(entry);
    const title = credential === undefined ? keyNameOf(entry) : titleOf(credential);
    if (title === undefined) return [];
    const candidate: Candidate = {
      title,
      entry,
      credential,
      async read() {
        const text = await entries.read(entry);
        return text === undefined ? undefined : decodeRecord(text);
      },
      remove: driver.isReadOnly ? undefined : () => driver.exclusively(() => entries.remove(entry)),
    };
    return [candidate];
  });
}

function lost(): StorageError {
  return new StorageError('corrupted', 'what was taken over is not what is read back.', {
    hint: 'Nothing was removed from where it came from. Check the place that keeps the secrets.',
  });
}

function differingKey(): StorageError {
  return new StorageError('conflict', 'another data key is here under this name.', {
    retryable: false,
    hint: 'Each of them encrypts data. Read with both, rewrite what the other one encrypts, and delete it.',
  });
}
