import { describe, expect, test } from 'vitest';
import { globFilter } from './glob-filter.ts';

const KEYS = ['a.jpg', 'b.txt', 'sub/c.jpg', 'sub/deep/d.jpg', '.hidden', 'sub/[x].jpg'];

function chosen(include: readonly string[], exclude: readonly string[] = []): string[] {
  return KEYS.filter(globFilter(include, exclude));
}

describe('globFilter', () => {
  test('without globs takes everything', () => {
    expect(chosen([])).toEqual(KEYS);
  });

  test('holds a glob without a slash against the name at any depth', () => {
    expect(chosen(['*.jpg'])).toEqual(['a.jpg', 'sub/c.jpg', 'sub/deep/d.jpg', 'sub/[x].jpg']);
    expect(chosen(['c.*'])).toEqual(['sub/c.jpg']);
  });

  test('holds a glob with a slash against the whole key', () => {
    expect(chosen(['sub/*.jpg'])).toEqual(['sub/c.jpg', 'sub/[x].jpg']);
    expect(chosen(['sub/**'])).toEqual(['sub/c.jpg', 'sub/deep/d.jpg', 'sub/[x].jpg']);
    expect(chosen(['/a.jpg'])).toEqual(['a.jpg']);
  });

  test('takes a folder with a slash at its end for all below it', () => {
    expect(chosen(['sub/'])).toEqual(['sub/c.jpg', 'sub/deep/d.jpg', 'sub/[x].jpg']);
  });

  test('takes names that begin with a dot for ordinary ones', () => {
    expect(chosen(['*'])).toEqual(KEYS);
    expect(chosen(['.h*'])).toEqual(['.hidden']);
  });

  test('lets exclude win over include', () => {
    expect(chosen(['*.jpg'], ['deep/**', 'sub/deep/**'])).toEqual([
      'a.jpg',
      'sub/c.jpg',
      'sub/[x].jpg',
    ]);
    expect(chosen([], ['*.jpg', '.*'])).toEqual(['b.txt']);
  });

  test('knows braces and classes', () => {
    expect(chosen(['{a,b}.*'])).toEqual(['a.jpg', 'b.txt']);
    expect(chosen(['[ac].jpg'])).toEqual(['a.jpg', 'sub/c.jpg']);
  });
});
