import { describe, expect, test } from 'vitest';
import { below, isSameOrigin, labelBelow, nameOf, parsePlace, urlOf } from './parse-place.ts';

const CWD = '/home/kim';

describe('parsePlace', () => {
  test.each([
    ['photos', '/home/kim/photos', false],
    ['photos/', '/home/kim/photos', true],
    ['./a/../b.txt', '/home/kim/b.txt', false],
    ['.', '/home/kim', true],
    ['..', '/home', true],
    ['../', '/home', true],
    ['a/..', '/home/kim', true],
    ['/', '/', true],
    ['/srv/data', '/srv/data', false],
    ['file:///srv/data', '/srv/data', false],
    ['file:///srv/a%20b%23/', '/srv/a b#', true],
    ['file:/srv/data', '/srv/data', false],
    ['file:./data', '/home/kim/data', false],
    ['file:data', '/home/kim/data', false],
    ['FILE:data', '/home/kim/data', false],
    ['C:data', '/home/kim/C:data', false],
    ['a?b#c%20', '/home/kim/a?b#c%20', false],
    ['..hidden', '/home/kim/..hidden', false],
  ])('reads %s as a path', (text, path, isFolder) => {
    const place = parsePlace(text, CWD);
    expect(place.url.scheme).toBe('file');
    expect(urlOf(place).path).toBe(path);
    expect(place.isFolder).toBe(isFolder);
  });

  test.each([
    ['memory:', [], true],
    ['memory:a/b', ['a', 'b'], false],
    ['s3://bucket', [], true],
    ['s3://bucket/', [], true],
    ['s3://bucket/a/b.txt', ['a', 'b.txt'], false],
    ['s3://bucket/a/?region=eu', ['a'], true],
  ])('reads %s as a URL', (text, segments, isFolder) => {
    const place = parsePlace(text, CWD);
    expect(place.segments).toEqual(segments);
    expect(place.isFolder).toBe(isFolder);
  });

  test('keeps the store apart from the path', () => {
    const place = parsePlace('s3://kim:pw@bucket/a/b?region=eu-west-1', CWD);
    expect(place.url).toMatchObject({
      scheme: 's3',
      host: 'bucket',
      path: '',
      username: 'kim',
      password: 'pw',
      query: { region: 'eu-west-1' },
    });
    expect(urlOf(place, []).path).toBe('');
    expect(urlOf(place).path).toBe('/a/b');
  });

  test('keeps options of file URLs', () => {
    expect(parsePlace('file:./data?durability=none', CWD).url.query).toEqual({
      durability: 'none',
    });
  });

  test('shows no secrets', () => {
    const { label } = parsePlace('s3://kim:hunter2@bucket/a?secretKey=hunter3', CWD);
    expect(label).toContain('bucket/a');
    expect(label).not.toMatch(/hunter/);
  });

  test.each(['', 'file://host/share', 's3://bucket/%zz'])('refuses %j', (text) => {
    expect(() => parsePlace(text, CWD)).toThrow();
  });
});

describe('places', () => {
  test('have names and labels for what is below them', () => {
    const place = parsePlace('s3://bucket/a?region=eu', CWD);
    expect(nameOf(place)).toBe('a');
    expect(labelBelow(place, 'b/c')).toBe('s3://bucket/a/b/c?region=eu');
    expect(labelBelow(place, '')).toBe('s3://bucket/a?region=eu');
    expect(labelBelow(parsePlace('memory:', CWD), 'x')).toBe('memory:x');
    expect(labelBelow(parsePlace('photos/', CWD), 'x')).toBe('photos/x');
    expect(nameOf(parsePlace('memory:', CWD))).toBe('');
    expect(below(parsePlace('photos/', CWD), 'x')).toMatchObject({
      label: 'photos/x',
      segments: ['home', 'kim', 'photos', 'x'],
      isFolder: false,
    });
  });

  test('are of one origin when all of the store is the same, secrets too', () => {
    const at = (text: string) => parsePlace(text, CWD);
    expect(isSameOrigin(at('s3://b/x'), at('s3://b/y/z'))).toBe(true);
    expect(isSameOrigin(at('a'), at('/b'))).toBe(true);
    expect(isSameOrigin(at('s3://b/x'), at('s3://c/x'))).toBe(false);
    expect(isSameOrigin(at('s3://b/x?secretKey=1'), at('s3://b/x?secretKey=2'))).toBe(false);
    expect(isSameOrigin(at('s3://k:1@b/x'), at('s3://k:2@b/x'))).toBe(false);
  });
});
