import { StorageError } from '@granary/storage-core';
import type { VaultDriver } from './vault-driver.ts';

/** A driver's entries, of any length. */
export interface VaultEntries {
  read(entry: string): Promise<string | undefined>;
  /** Within `exclusively` only, as is `remove`. */
  write(entry: string, text: string): Promise<void>;
  remove(entry: string): Promise<boolean>;
  /** Without the parts of long ones. */
  list(): Promise<readonly string[]>;
}

/** What stands in an entry whose text is in others. */
interface Head {
  readonly id: string;
  readonly count: number;
}

const PART_PREFIX = '!part/';
const HEAD = /^parts:([0-9a-z]+):(\d+)$/;
const READ_TRIES = 5;

/**
 * Splits texts that are too long for one entry. The parts of a text are written first, under names
 * of their own; the entry itself, which names them, is the commit; parts of the text before go last.
 */
export function vaultEntries(driver: VaultDriver): VaultEntries {
  const { maxEntryChars } = driver;
  return maxEntryChars === undefined ? wholeEntries(driver) : splitEntries(driver, maxEntryChars);
}

/** A damaged entry can be removed, because nothing is read for that. */
function wholeEntries(driver: VaultDriver): VaultEntries {
  return {
    read: (entry) => driver.read(entry),
    write: (entry, text) => driver.write(entry, text),
    remove: (entry) => driver.remove(entry),
    list: async () => (await driver.entries()).toSorted(),
  };
}

function splitEntries(driver: VaultDriver, maxEntryChars: number): VaultEntries {
  async function readParts(entry: string, head: Head): Promise<string | undefined> {
    let text = '';
    for (let number = 0; number < head.count; number += 1) {
      const part = await driver.read(partName(entry, head.id, number));
      if (part === undefined) return undefined;
      text += part;
    }
    return text;
  }

  /** Removes parts that no head names: of the text before, and of writers that died. */
  async function sweep(entry: string, keep?: string): Promise<void> {
    const mine = `${PART_PREFIX}${entry}!`;
    for (const name of await driver.entries()) {
      if (!name.startsWith(mine)) continue;
      if (keep === undefined || !name.startsWith(`${mine}${keep}!`)) await driver.remove(name);
    }
  }

  return {
    async read(entry) {
      for (let tries = 0; tries < READ_TRIES; tries += 1) {
        const text = await driver.read(entry);
        const head = toHead(text);
        if (head === undefined) return text;
        const whole = await readParts(entry, head);
        if (whole !== undefined) return whole;
        // It was replaced meanwhile, or parts of it are lost.
      }
      throw new StorageError('corrupted', 'a part of this long secret is missing.', {
        hint: 'Something else removed it. Delete the credential and set it again.',
      });
    },

    async write(entry, text) {
      const before = toHead(await driver.read(entry));
      if (text.length <= maxEntryChars) {
        await driver.write(entry, text);
        if (before !== undefined) await sweep(entry);
        return;
      }
      const id = randomId();
      const count = Math.ceil(text.length / maxEntryChars);
      for (let number = 0; number < count; number += 1) {
        const part = text.slice(number * maxEntryChars, (number + 1) * maxEntryChars);
        await driver.write(partName(entry, id, number), part);
      }
      await driver.write(entry, `parts:${id}:${count}`);
      await sweep(entry, id);
    },

    async remove(entry) {
      const before = toHead(await driver.read(entry));
      const existed = await driver.remove(entry);
      if (before !== undefined) await sweep(entry);
      return existed;
    },

    async list() {
      const names = await driver.entries();
      return names.filter((name) => !name.startsWith(PART_PREFIX)).toSorted();
    },
  };
}

function partName(entry: string, id: string, number: number): string {
  return `${PART_PREFIX}${entry}!${id}!${number}`;
}

function toHead(text: string | undefined): Head | undefined {
  const [, id, count] = HEAD.exec(text ?? '') ?? [];
  return id === undefined ? undefined : { id, count: Number(count) };
}

function randomId(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number.toString(36);
}
