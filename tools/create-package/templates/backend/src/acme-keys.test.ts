import { describe, expect, test } from 'vitest';
import { toPath } from './acme-keys.ts';

describe('toPath', () => {
  test.each([
    ['a', 'objects/a'],
    ['folder/file.txt', 'objects/folder/file.txt'],
    ['what?#100%', 'objects/what%3F%23100%25'],
    ['a%2Fb', 'objects/a%252Fb'],
    ['ä b', 'objects/%C3%A4%20b'],
  ])('gives %s the path %s', (key, path) => {
    expect(toPath(key)).toBe(path);
  });
});
