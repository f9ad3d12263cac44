import { describe, expect, test } from 'vitest';
import { intersectCapabilities } from './intersect-capabilities.ts';

describe('intersectCapabilities', () => {
  test('keeps what all can do', () => {
    expect(
      intersectCapabilities([
        { rangeReads: true, copy: true, durable: true },
        { rangeReads: true, move: true, durable: false },
        { rangeReads: true, copy: true, move: true, durable: true },
      ]),
    ).toEqual({ rangeReads: true, durable: false });
  });

  test('takes the smallest limit, and none where one has none', () => {
    expect(
      intersectCapabilities([{ maxKeyBytes: 1024, maxPutBytes: 5 }, { maxKeyBytes: 255 }]),
    ).toEqual({ maxKeyBytes: 255 });
  });

  test('keeps the fields that all listings have', () => {
    expect(
      intersectCapabilities([
        { listFields: ['size', 'etag', 'modifiedAt'] },
        { listFields: ['etag', 'size', 'contentType'] },
      ]),
    ).toEqual({ listFields: ['size', 'etag'] });
  });

  test('takes a slash for the delimiter where one takes any and one a slash', () => {
    expect(intersectCapabilities([{ delimiter: 'any' }, { delimiter: 'slash' }])).toEqual({
      delimiter: 'slash',
    });
    expect(intersectCapabilities([{ delimiter: 'any' }, { delimiter: 'any' }])).toEqual({
      delimiter: 'any',
    });
  });

  test('leaves out what differs and cannot be compared', () => {
    expect(
      intersectCapabilities([
        { etagCovers: 'content', listOrder: 'utf8' },
        { etagCovers: 'write', listOrder: 'utf8' },
      ]),
    ).toEqual({ listOrder: 'utf8' });
  });

  test('of one is what that one can do, frozen', () => {
    const shared = intersectCapabilities([{ copy: true, maxKeyBytes: 9 }]);
    expect(shared).toEqual({ copy: true, maxKeyBytes: 9 });
    expect(Object.isFrozen(shared)).toBe(true);
  });

  test('of none is nothing', () => {
    expect(intersectCapabilities([])).toEqual({});
  });
});
