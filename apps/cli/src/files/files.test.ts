import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryHost } from '../../test/memory-host.ts';
import { fileError } from './file-error.ts';
import { openInput } from './open-input.ts';
import { writeFileWhole } from './write-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nothing = (): void => {};
async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe('fileError', () => {
  test.each([
    ['ENOENT', 'not-found'],
    ['EACCES', 'permission-denied'],
    ['EPERM', 'permission-denied'],
    ['EROFS', 'permission-denied'],
    ['ENOSPC', 'quota-exceeded'],
    ['EISDIR', 'invalid-argument'],
  ])('takes %s for %s', (name, code) => {
    const error = Object.assign(new Error('native'), { code: name });
    expect(fileError(error, 'a.txt')).toMatchObject({ code, cause: error });
  });

  test('leaves other errors as they are', () => {
    const error = new Error('other');
    expect(fileError(error, 'a.txt')).toBe(error);
    expect(fileError(undefined, 'a.txt')).toBeUndefined();
  });
});

describe('writeFileWhole', () => {
  test('writes all of it under the name, and tells how far it is', async () => {
    const path = join(folder, 'a');
    const told: number[] = [];
    expect(await writeFileWhole(path, chunks('ab', '', 'c'), (bytes) => told.push(bytes))).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe('abc');
    expect(told).toEqual([2, 2, 3]);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('shows nobody a part of it, and keeps what was there when it fails', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* chunks('new');
      expect(readFileSync(path, 'utf8')).toBe('old');
      throw new Error('broken');
    }
    await expect(writeFileWhole(path, broken(), nothing)).rejects.toThrow('broken');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('writes into a device, and leaves it one', async () => {
    expect(await writeFileWhole('/dev/null', chunks('abc'), nothing)).toBe(3);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    await expect(writeFileWhole(folder, chunks('abc'), nothing)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('replaces the file behind a link, not the link', async () => {
    writeFileSync(join(folder, 'real'), 'old');
    symlinkSync('real', join(folder, 'link'));
    await writeFileWhole(join(folder, 'link'), chunks('new'), nothing);
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('new');
  });

  test('fails for a folder that is not there', async () => {
    await expect(writeFileWhole(join(folder, 'no/a'), chunks('x'), nothing)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('openInput', () => {
  async function readAll(body: unknown): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const chunk of body as AsyncIterable<Uint8Array>) parts.push(chunk);
    return Buffer.concat(parts).toString();
  }

  test('opens a file with its size', async () => {
    writeFileSync(join(folder, 'a'), 'abc');
    await using input = await openInput('a', memoryHost({ cwd: folder }));
    expect(input.size).toBe(3);
    expect(await readAll(input.body)).toBe('abc');
  });

  test('opens the input, whose size nobody knows', async () => {
    await using input = await openInput('-', memoryHost({ input: 'abc' }));
    expect(input.size).toBeUndefined();
    expect(await readAll(input.body)).toBe('abc');
  });
});
