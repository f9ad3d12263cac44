import type { CompanionSide } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import {
  companionCache,
  copyOfSide,
  isSame,
  isSettled,
  type KnownCompanion,
  type Stamp,
} from './fs-companion-cache.ts';

const STAMP: Stamp = { ctimeMs: 1000, mtimeMs: 900, ino: 7, dev: 1, size: 744 };
const LATER = 1_000_000;

function companion(tag: string, stamp: Partial<Stamp> = {}): KnownCompanion {
  return { record: { next: { attributes: { tags: [tag] } } }, stamp: { ...STAMP, ...stamp } };
}

function cacheAt(start: number, maxBytes?: number) {
  let now = start;
  const cache = companionCache({ now: () => now, ...(maxBytes !== undefined && { maxBytes }) });
  return {
    in: cache.in,
    wait: (ms: number) => {
      now += ms;
    },
    tagOf: (folder: string, name: string) =>
      cache.in(folder).get(name)?.record.next.attributes.tags?.[0],
  };
}

describe('a stamp', () => {
  test('is another one after any change', () => {
    expect(isSame(STAMP, { ...STAMP })).toBe(true);
    for (const field of ['ctimeMs', 'mtimeMs', 'ino', 'dev', 'size'] as const) {
      expect(isSame(STAMP, { ...STAMP, [field]: STAMP[field] + 1 })).toBe(false);
    }
  });

  test('is settled when the step of the clock in which it was made is surely over', () => {
    expect(isSettled(STAMP, 1000)).toBe(false);
    expect(isSettled(STAMP, 4000)).toBe(false);
    expect(isSettled(STAMP, 4001)).toBe(true);
    expect(isSettled({ ...STAMP, ctimeMs: LATER }, 4001)).toBe(false);
  });
});

describe('companionCache', () => {
  test('gives back what it keeps, by folder and name', () => {
    const cache = cacheAt(LATER);
    cache.in('/a').keep('x', companion('ax'), LATER);
    cache.in('/b').keep('x', companion('bx'), LATER);
    expect(cache.tagOf('/a', 'x')).toBe('ax');
    expect(cache.tagOf('/b', 'x')).toBe('bx');
    expect(cache.tagOf('/a', 'y')).toBeUndefined();
    expect(cache.tagOf('/c', 'x')).toBeUndefined();
    expect(cache.in('/a').get('x')?.stamp).toEqual(STAMP);
  });

  test('does not keep what was read so soon after a change that the next may look the same', () => {
    const cache = cacheAt(LATER);
    cache.in('/a').keep('x', companion('old', { ctimeMs: LATER - 5000 }), LATER);
    expect(cache.tagOf('/a', 'x')).toBe('old');
    cache.in('/a').keep('x', companion('new', { ctimeMs: LATER - 2000 }), LATER);
    expect(cache.tagOf('/a', 'x')).toBeUndefined();
  });

  test('goes by the time before the reading, however long that took', () => {
    const cache = cacheAt(LATER);
    cache.in('/a').keep('x', companion('x', { ctimeMs: LATER - 60_000 }), LATER - 59_000);
    expect(cache.tagOf('/a', 'x')).toBeUndefined();
  });

  test('lets go of the folders that were not used for the longest time', () => {
    const cache = cacheAt(LATER, 3000);
    for (const folder of ['/a', '/b', '/c']) cache.in(folder).keep('x', companion(folder), LATER);
    cache.wait(120_000);
    expect(cache.tagOf('/a', 'x')).toBe('/a');
    cache.in('/d').keep('x', companion('/d'), LATER);
    expect(cache.tagOf('/b', 'x')).toBeUndefined();
    expect(['/a', '/c', '/d'].map((folder) => cache.tagOf(folder, 'x'))).toEqual([
      '/a',
      '/c',
      '/d',
    ]);
  });

  test('holds to what was of use a moment ago, so that going round finds what fits', () => {
    const cache = cacheAt(LATER, 3000);
    const folders = ['/a', '/b', '/c', '/d', '/e'];
    for (let round = 0; round < 3; round += 1) {
      for (const folder of folders) {
        if (cache.tagOf(folder, 'x') === undefined) {
          cache.in(folder).keep('x', companion(folder), LATER);
        }
      }
      cache.wait(10_000);
    }
    expect(folders.filter((folder) => cache.tagOf(folder, 'x') !== undefined)).toEqual([
      '/a',
      '/b',
      '/c',
    ]);
  });

  test('lets go of what is not there any more', () => {
    const cache = cacheAt(LATER, 2500);
    for (const name of ['1', '2']) cache.in('/a').keep(name, companion(name), LATER);
    cache.in('/a').prune(new Set(['2']));
    cache.in('/b').prune(new Set());
    expect(cache.tagOf('/a', '1')).toBeUndefined();
    expect(cache.tagOf('/a', '2')).toBe('2');
    cache.in('/a').keep('3', companion('3'), LATER);
    expect(cache.tagOf('/a', '3')).toBe('3');
  });

  test('holds no more than it may, also of one folder', () => {
    const cache = cacheAt(LATER, 2500);
    const names = ['1', '2', '3', '4'];
    for (const name of names) cache.in('/a').keep(name, companion(name), LATER);
    expect(names.filter((name) => cache.tagOf('/a', name) !== undefined)).toEqual(['1', '2']);
    cache.in('/a').keep('1', companion('again'), LATER);
    expect(cache.tagOf('/a', '1')).toBe('again');
    expect(cache.tagOf('/a', '2')).toBe('2');
  });
});

describe('copyOfSide', () => {
  const side = (): CompanionSide => ({
    fingerprint: 'f',
    attributes: {
      contentType: 'text/plain',
      metadata: JSON.parse('{"a":{"b":[1,{"c":2}]},"__proto__":{"d":[3]},"e":null,"f":"g"}'),
      tags: ['one'],
      expiresAt: new Date(5),
    },
    createdAt: new Date(6),
    size: 7,
    checksums: { sha256: 'x' },
  });

  test('is equal and shares nothing that can be changed', () => {
    const original = side();
    const copy = copyOfSide(original);
    expect(copy).toEqual(original);
    expect(Object.keys(copy.attributes.metadata ?? {})).toEqual(['a', '__proto__', 'e', 'f']);
    for (const part of partsOf(copy)) expect(partsOf(original)).not.toContain(part);
    expect(copyOfSide({ attributes: {} })).toEqual({ attributes: {} });
  });

  /** All objects inside a value, itself included. */
  function partsOf(value: unknown): unknown[] {
    if (typeof value !== 'object' || value === null) return [];
    return [value, ...Object.values(value).flatMap(partsOf)];
  }
});
