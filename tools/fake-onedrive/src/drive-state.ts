import { createHash, randomUUID } from 'node:crypto';
import { checkName, checkPath } from './names.ts';
import { quickXorHash } from './quick-xor-hash.ts';
import { refuse } from './refusal.ts';
import type { ConflictBehavior } from './request.ts';

/** A file or folder. */
export interface Item {
  readonly id: string;
  readonly name: string;
  /** Absent for the root. */
  readonly parentId: string | undefined;
  /** Absent for a folder. */
  readonly content: Buffer | undefined;
  readonly mimeType: string;
  /** Grows with every change of the item, or of its content. */
  readonly eTag: number;
  readonly cTag: number;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
  /** What the client says of itself; the service's own times where it says nothing. */
  readonly description: string | undefined;
  readonly fileSystemInfo: Readonly<Record<string, string>>;
  readonly isDeleted: boolean;
  /** Place in the feed of changes. */
  readonly changed: number;
}

/** A version of a file. */
export interface ItemVersion {
  /** `3.0`, as libraries count. */
  readonly id: string;
  readonly content: Buffer;
  readonly mimeType: string;
  readonly modifiedAt: Date;
}

/** A drive and all that lies in it. */
export interface Drive {
  readonly id: string;
  readonly driveType: 'personal' | 'business' | 'documentLibrary';
  readonly root: Item;
  totalBytes: number;
  /** Changes before this one are forgotten. */
  oldestChange: number;
  readonly lastChange: () => number;
  item(id: string): Item | undefined;
  /** In the order of names. */
  children(id: string): readonly Item[];
  /** Names compare without case. */
  find(from: Item, segments: readonly string[]): Item | undefined;
  pathOf(item: Item): readonly string[];
  /** Makes folders on the way. Errors: 400 when one of them is a file. */
  folder(from: Item, segments: readonly string[]): Item;
  write(parent: Item, name: string, draft: FileDraft): { item: Item; isNew: boolean };
  makeFolder(parent: Item, name: string): Item;
  update(item: Item, change: { parent: Item; name: string; behavior: ConflictBehavior }): Item;
  /** Changes what is said of an item, and no content. */
  describe(item: Item, change: Pick<Item, 'description' | 'fileSystemInfo'>): Item;
  remove(item: Item): void;
  /** Versions of a file, newest first, the current one included. */
  versions(id: string): readonly ItemVersion[];
  /** Makes an old version current, as a new one. */
  restore(item: Item, version: ItemVersion): void;
  removeVersion(item: Item, version: ItemVersion): void;
  changes(after: number): readonly Item[];
  usedBytes(): number;
}

export interface FileDraft {
  readonly content: Buffer;
  readonly mimeType: string;
  readonly behavior: ConflictBehavior;
  /** Looked at before anything is stored. */
  readonly check?: (existing: Item | undefined) => void;
}

/** Makes an empty drive. */
export function makeDrive(
  driveType: Drive['driveType'],
  totalBytes: number,
  now: () => Date,
  keepsVersions = true,
): Drive {
  const items = new Map<string, Item>();
  const named = new Map<string, Map<string, string>>();
  const histories = new Map<string, { readonly all: ItemVersion[]; made: number }>();
  let lastChange = 0;
  let used = 0;

  function keep(item: Item): Item {
    lastChange += 1;
    used += bytesOf(item) - bytesOf(items.get(item.id));
    const kept = { ...item, changed: lastChange };
    items.set(item.id, kept);
    if (item.parentId !== undefined && !item.isDeleted) {
      const names = named.get(item.parentId) ?? new Map<string, string>();
      names.set(item.name.toLowerCase(), item.id);
      named.set(item.parentId, names);
    }
    return kept;
  }

  function keepContent(item: Item): Item {
    const { id, content = Buffer.alloc(0), mimeType, modifiedAt } = item;
    const history = histories.get(id) ?? { all: [], made: 0 };
    if (!keepsVersions) history.all.length = 0;
    history.made += 1;
    history.all.unshift({ id: `${history.made}.0`, content, mimeType, modifiedAt });
    histories.set(id, history);
    return keep(item);
  }

  function forget({ parentId = '', name }: Item): void {
    named.get(parentId)?.delete(name.toLowerCase());
  }

  function fresh(name: string, parentId: string | undefined): Item {
    const at = now();
    return {
      id: `01${randomUUID().replaceAll('-', '').toUpperCase()}`,
      name,
      parentId,
      content: undefined,
      mimeType: '',
      eTag: 1,
      cTag: 1,
      createdAt: at,
      modifiedAt: at,
      description: undefined,
      fileSystemInfo: {},
      isDeleted: false,
      changed: 0,
    };
  }

  const root = keep(fresh('root', undefined));

  function child(parentId: string, name: string): Item | undefined {
    const id = named.get(parentId)?.get(name.toLowerCase());
    return id === undefined ? undefined : items.get(id);
  }

  const drive: Drive = {
    id: `b!${randomUUID().replaceAll('-', '')}`,
    driveType,
    root,
    totalBytes,
    oldestChange: 0,
    lastChange: () => lastChange,
    item(id) {
      const item = items.get(id);
      return item?.isDeleted === false ? item : undefined;
    },
    children(id) {
      const ids = [...(named.get(id)?.entries() ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      return ids.flatMap(([, childId]) => items.get(childId) ?? []);
    },
    find(from, segments) {
      let item: Item | undefined = from;
      for (const segment of segments) item = item && child(item.id, segment);
      return item;
    },
    pathOf(item) {
      const parent = item.parentId === undefined ? undefined : items.get(item.parentId);
      return parent === undefined ? [] : [...drive.pathOf(parent), item.name];
    },
    folder(from, segments) {
      let item = from;
      for (const segment of segments) {
        const next = child(item.id, segment);
        if (next?.content !== undefined) throw refuse.request('A file is in the way.');
        item = next ?? drive.makeFolder(item, segment);
      }
      return item;
    },
    makeFolder(parent, name) {
      checkName(name, parent.id === root.id);
      checkPath([...drive.pathOf(parent), name]);
      return keep(fresh(name, parent.id));
    },
    write(parent, name, { content, mimeType, behavior, check }) {
      checkName(name, parent.id === root.id);
      checkPath([...drive.pathOf(parent), name]);
      const before = child(parent.id, name);
      check?.(before);
      if (before !== undefined && (behavior !== 'replace' || before.content === undefined)) {
        throw refuse.taken();
      }
      const room = drive.totalBytes - drive.usedBytes() + (before?.content?.length ?? 0);
      if (content.length > room) throw refuse.full();
      if (before === undefined) {
        return { item: keepContent({ ...fresh(name, parent.id), content, mimeType }), isNew: true };
      }
      const { eTag, cTag } = before;
      const item = { ...before, content, eTag: eTag + 1, cTag: cTag + 1, modifiedAt: now() };
      return { item: keepContent(item), isNew: false };
    },
    update(item, { parent, name, behavior }) {
      checkName(name, parent.id === root.id);
      checkPath([...drive.pathOf(parent), name]);
      const there = child(parent.id, name);
      if (there !== undefined && there.id !== item.id) {
        const replaces = behavior === 'replace' && there.content !== undefined;
        if (!replaces || item.content === undefined) throw refuse.taken();
        drive.remove(there);
      }
      forget(item);
      return keep({ ...item, parentId: parent.id, name, eTag: item.eTag + 1 });
    },
    remove(item) {
      for (const inner of drive.children(item.id)) drive.remove(inner);
      forget(item);
      keep({ ...item, isDeleted: true });
    },
    describe: (item, change) => keep({ ...item, ...change, eTag: item.eTag + 1 }),
    versions: (id) => histories.get(id)?.all ?? [],
    restore(item, { content, mimeType }) {
      const { eTag, cTag } = item;
      const tags = { eTag: eTag + 1, cTag: cTag + 1 };
      keepContent({ ...item, content, mimeType, ...tags, modifiedAt: now() });
    },
    removeVersion({ id }, version) {
      const all = histories.get(id)?.all ?? [];
      all.splice(all.indexOf(version), 1);
    },
    changes: (after) =>
      [...items.values()]
        .filter(({ changed }) => changed > after)
        .sort((a, b) => a.changed - b.changed),
    usedBytes: () => used,
  };
  return drive;
}

function bytesOf(item: Item | undefined): number {
  return item === undefined || item.isDeleted ? 0 : (item.content?.length ?? 0);
}

/** Of contents, which do not change: every listing tells them. */
const QUICK_HASHES: WeakMap<Buffer, string> = new WeakMap();

/** Hashes as each kind of account tells them. https://learn.microsoft.com/graph/api/resources/hashes, read 2026-11-21 */
export function hashesOf(content: Buffer, driveType: Drive['driveType']): object {
  const hex = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
  const known = QUICK_HASHES.get(content) ?? quickXorHash(content);
  QUICK_HASHES.set(content, known);
  const quick = { quickXorHash: known };
  if (driveType !== 'personal') return quick;
  return { ...quick, sha1Hash: hex('sha1').toUpperCase(), sha256Hash: hex('sha256').toUpperCase() };
}
