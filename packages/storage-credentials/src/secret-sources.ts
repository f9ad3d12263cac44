import { type Credential, compareCredentials, credentialOf, entryOf } from './credential-name.ts';
import type { SecretSource, VaultDriver } from './vault-driver.ts';
import { vaultEntries } from './vault-entries.ts';
import { decodeRecord } from './vault-record.ts';

export function isDriver(source: SecretSource | VaultDriver): source is VaultDriver {
  return 'specVersion' in source;
}

/** The credentials of a driver, as of any other source. It is opened with the first use. */
export function sourceOf(source: SecretSource | VaultDriver): SecretSource {
  if (!isDriver(source)) return source;
  const driver = source;
  const entries = vaultEntries(driver);
  let opening: Promise<void> | undefined;
  const open = (): Promise<void> => {
    opening ??= driver.open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    name: driver.name,
    async list() {
      await open();
      return credentialsOf(await entries.list());
    },
    async read(credential) {
      await open();
      const text = await entries.read(entryOf(credential));
      return text === undefined ? undefined : decodeRecord(text).current.value;
    },
    ...(!driver.isReadOnly && {
      async remove(credential: Credential) {
        await open();
        return driver.exclusively(() => entries.remove(entryOf(credential)));
      },
    }),
  };
}

/** The credentials among entries, ordered. */
export function credentialsOf(entries: readonly string[]): readonly Credential[] {
  return entries
    .map(credentialOf)
    .filter((credential) => credential !== undefined)
    .toSorted(compareCredentials);
}
