import { StorageError } from '@granary/storage-core';
import { checkSecret } from './check-secret.ts';
import {
  type Credential,
  compareCredentials,
  entryOf,
  keyEntryOf,
  keyNameOf,
  titleOf,
  toCredential,
} from './credential-name.ts';
import { dataKey, dropKey, keyVersions, rotateKey } from './data-keys.ts';
import { idleLock, systemClock } from './idle-lock.ts';
import { importSecrets } from './import-secrets.ts';
import { type RecordStore, recordStore } from './record-store.ts';
import { rotateSecret } from './rotate-secret.ts';
import { toSecret } from './secret.ts';
import { credentialsOf, sourceOf } from './secret-sources.ts';
import type { CommonVaultOptions, SecretState, Vault } from './vault.ts';
import type { VaultDriver } from './vault-driver.ts';
import { vaultEntries } from './vault-entries.ts';
import { closedError, lockedError, readOnlyError, toVaultError } from './vault-errors.ts';
import { nextNumber } from './vault-record.ts';

/** The driver of a vault, and why it is this one. */
export interface DriverChoice {
  readonly driver: VaultDriver;
  /** A sentence. */
  readonly reason: string;
}

/** What an operation is about, for its errors. */
interface Subject {
  readonly title?: string;
  readonly secret?: string;
}

/** A driver that has been opened. */
interface Opened extends DriverChoice {
  readonly store: RecordStore;
}

const DEFAULT_NAME = 'granary';
/** In lower case, because some file systems and keychains do not tell case apart. */
const NAME = /^[a-z0-9._-]{1,64}$/;
/** Timers hold no more. Units: ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A vault whose driver is chosen with the first call. A choice that fails is made again with the next. */
export function vaultOver(choose: () => Promise<DriverChoice>, options: CommonVaultOptions): Vault {
  const { autoLockMs, clock = systemClock, alsoRead = [] } = options;
  const name = checkVaultName(options.name);
  checkIdleTime(autoLockMs);
  const sources = alsoRead.map(sourceOf);
  const now = (): string => new Date(clock.now()).toISOString();
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;
  let isShut = false;
  let isClosed = false;
  const idle = idleLock(autoLockMs, clock, shut);

  function shut(): void {
    idle.stop();
    isShut = true;
    opened?.driver.lock?.lock();
  }

  function isLocked(): boolean {
    return isShut || (opened?.driver.lock?.isLocked() ?? false);
  }

  async function open(): Promise<Opened> {
    if (isClosed) throw closedError();
    opening ??= openNow();
    const mine = opening;
    try {
      return await mine;
    } catch (error) {
      if (opening === mine) opening = undefined;
      throw error;
    }
  }

  async function openNow(): Promise<Opened> {
    const { driver, reason } = await choose();
    await driver.open();
    opened = { driver, reason, store: recordStore(driver, vaultEntries(driver)) };
    if (isShut) driver.lock?.lock();
    return opened;
  }

  /** Runs what needs no unlocking. */
  async function call<Result>(
    operation: string,
    { title, secret }: Subject,
    work: (opened: Opened) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(await open());
    } catch (error) {
      throw toVaultError(error, {
        provider: opened?.driver.name ?? 'vault',
        operation,
        key: title,
        secrets: secret === undefined ? [] : [secret, JSON.stringify(secret).slice(1, -1)],
      });
    }
  }

  /** Runs what reads or changes secrets. */
  function use<Result>(
    operation: string,
    subject: Subject,
    work: (store: RecordStore) => Promise<Result>,
  ): Promise<Result> {
    return call(operation, subject, async ({ store }) => {
      idle.check();
      if (isLocked()) throw lockedError();
      idle.touch();
      try {
        return await work(store);
      } finally {
        if (!isLocked()) idle.touch();
      }
    });
  }

  /** The secret here, else the first one of the sources. */
  async function find(store: RecordStore, credential: Credential) {
    const record = await store.read(entryOf(credential));
    if (record !== undefined) return toSecret(record.current);
    for (const source of sources) {
      const value = await source.read(credential);
      if (value !== undefined) return toSecret({ value, version: 0 });
    }
    return undefined;
  }

  const keyCall = <Result>(
    operation: string,
    key: string,
    work: (store: RecordStore) => Promise<Result>,
  ): Promise<Result> => use(operation, { title: key }, work);

  const vault: Vault = {
    name,
    get isLocked() {
      idle.check();
      return isLocked();
    },

    async get(which, account) {
      const credential = toCredential(which, account);
      return use('get', { title: titleOf(credential) }, (store) => find(store, credential));
    },

    async set(which, secret) {
      const credential = toCredential(which);
      checkSecret(secret);
      await use('set', { title: titleOf(credential), secret }, (store) =>
        store.update(entryOf(credential), (before) => ({
          current: {
            value: secret,
            version: before === undefined ? 1 : nextNumber(before),
            at: now(),
          },
          old: before?.old ?? [],
        })),
      );
    },

    async has(which, account) {
      const credential = toCredential(which, account);
      return use('has', { title: titleOf(credential) }, async (store) => {
        return (await find(store, credential)) !== undefined;
      });
    },

    async delete(which, account) {
      const credential = toCredential(which, account);
      return use('delete', { title: titleOf(credential) }, async (store) => {
        if (store.driver.isReadOnly) throw readOnlyError();
        let existed = false;
        // Those it is also read from first: one that stayed there would come back.
        for (const source of sources) {
          if (await source.remove?.(credential)) existed = true;
        }
        return (await store.remove(entryOf(credential))) || existed;
      });
    },

    list: () =>
      use('list', {}, async ({ entries }) => {
        const here = credentialsOf(await entries.list());
        const known = new Map(here.map((credential) => [entryOf(credential), credential]));
        for (const source of sources) {
          for (const credential of await source.list()) {
            const entry = entryOf(credential);
            if (!known.has(entry)) known.set(entry, credential);
          }
        }
        return [...known.values()].toSorted(compareCredentials);
      }),

    async rotate(which, makeNew, rotation = {}) {
      const credential = toCredential(which);
      const place = { title: titleOf(credential) };
      let thrown: { readonly error: unknown } | undefined;
      /** What the application throws reaches it as it is. */
      const own = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
        try {
          return await work();
        } catch (error) {
          thrown = { error };
          throw error;
        }
      };
      const { verify } = rotation;
      try {
        return await use('rotate', place, (store) =>
          rotateSecret(store, {
            ...rotation,
            entry: entryOf(credential),
            makeNew: (start) => own(() => makeNew(start)),
            ...(verify && { verify: (made) => own(() => verify(made)) }),
            now,
          }),
        );
      } catch (error) {
        throw thrown === undefined ? error : thrown.error;
      }
    },

    async versions(which) {
      const credential = toCredential(which);
      return use('versions', { title: titleOf(credential) }, async (store) => {
        const record = await store.read(entryOf(credential));
        if (record === undefined) return [];
        const states: SecretState[] = [{ state: 'current', secret: toSecret(record.current) }];
        if (record.next) states.push({ state: 'next', secret: toSecret(record.next) });
        for (const old of record.old) states.push({ state: 'old', secret: toSecret(old) });
        return states;
      });
    },

    async dropOld(which) {
      const credential = toCredential(which);
      return use('dropOld', { title: titleOf(credential) }, async (store) => {
        let dropped = 0;
        await store.update(entryOf(credential), (record) => {
          dropped = record === undefined ? 0 : record.old.length + (record.next ? 1 : 0);
          return record === undefined || dropped === 0
            ? record
            : { current: record.current, old: [] };
        });
        return dropped;
      });
    },

    key: (key, version) => keyCall('key', key, (store) => dataKey(store, key, version, now)),
    keyVersions: (key) => keyCall('keyVersions', key, (store) => keyVersions(store, key)),
    rotateKey: (key) => keyCall('rotateKey', key, (store) => rotateKey(store, key, now)),
    dropKey: (key, version) => keyCall('dropKey', key, (store) => dropKey(store, key, version)),
    deleteKey: (key) => keyCall('deleteKey', key, async (store) => store.remove(keyEntryOf(key))),
    listKeys: () =>
      use('listKeys', {}, async ({ entries }) =>
        (await entries.list()).map(keyNameOf).filter((key) => key !== undefined),
      ),

    importFrom: (source, importing = {}) =>
      use('importFrom', {}, (store) => importSecrets(store, source, importing, now)),

    async lock() {
      if (isClosed) throw closedError();
      shut();
    },

    unlock: (passphrase) =>
      call('unlock', { ...(passphrase !== undefined && { secret: passphrase }) }, async (open) => {
        const { lock } = open.driver;
        if (passphrase !== undefined && lock === undefined) throw withoutPassphrase();
        if (lock !== undefined && (lock.isLocked() || passphrase !== undefined)) {
          await lock.unlock(passphrase);
        }
        isShut = false;
        idle.touch();
      }),

    changePassphrase: (current, next) =>
      call('changePassphrase', {}, async ({ driver }) => {
        if (driver.lock?.changePassphrase === undefined) throw withoutPassphrase();
        await driver.lock.changePassphrase(current, next);
      }),

    getInfo: () =>
      call('getInfo', {}, async ({ driver, reason }) => ({
        name,
        driver: driver.name,
        reason,
        ...driver.describe(),
        isLocked: vault.isLocked,
        isReadOnly: driver.isReadOnly ?? false,
        autoLockMs,
        alsoReads: sources.map((source) => source.name),
      })),

    async close() {
      if (isClosed) return;
      isClosed = true;
      idle.stop();
      const last = await opening?.catch(() => undefined);
      last?.driver.lock?.lock();
      await last?.driver.close?.();
    },
    [Symbol.asyncDispose]: () => vault.close(),
  };
  return vault;
}

/** Errors: `invalid-config`. */
export function checkVaultName(name: string = DEFAULT_NAME): string {
  if (NAME.test(name) && !/^\.+$/.test(name)) return name;
  throw new StorageError('invalid-config', `the vault cannot be named ${JSON.stringify(name)}.`, {
    hint: 'Use up to 64 lower-case letters, digits, dots, hyphens and underscores.',
  });
}

function checkIdleTime(idleMs: number | undefined): void {
  if (idleMs === undefined || (idleMs >= 1 && idleMs <= MAX_TIMER_MS)) return;
  throw new StorageError('invalid-config', 'autoLockMs must lie between 1 and 2,147,483,647.', {
    hint: 'It is in milliseconds; leave it out for a vault that does not lock itself.',
  });
}

function withoutPassphrase(): StorageError {
  return new StorageError('unsupported', 'secrets in this place are under no passphrase.', {
    outcome: 'not-applied',
    hint: 'Call unlock() without one; the system asks for what it needs.',
  });
}
