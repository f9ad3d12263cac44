import { describe, expect, test } from 'vitest';
import { meetReadConditions, meetWriteConditions } from './meet-conditions.ts';

describe('meetWriteConditions', () => {
  test('lets a write go on whose conditions hold', () => {
    meetWriteConditions('1', { ifMatch: '1' });
    meetWriteConditions(undefined, { ifNoneMatch: '*' });
    meetWriteConditions('1', { ifMatch: undefined, ifNoneMatch: undefined });
  });

  test.each([
    ['another etag', '2', { ifMatch: '1' }, 'the object has another etag now'],
    ['no object', undefined, { ifMatch: '1' }, 'there is no object'],
    ['an object', '2', { ifNoneMatch: '*' }, 'there is an object already'],
  ])('stops one that finds %s', (_, etag, conditions, reason) => {
    expect(() => meetWriteConditions(etag, conditions, 'a')).toThrow(
      expect.objectContaining({
        code: 'precondition-failed',
        key: 'a',
        outcome: 'not-applied',
        message: expect.stringContaining(reason),
      }),
    );
  });
});

describe('meetReadConditions', () => {
  test('lets a read go on whose conditions hold', () => {
    meetReadConditions('1', { ifMatch: '1', ifNoneMatch: '2' });
  });

  test('looks at ifMatch first', () => {
    const read = () => meetReadConditions('1', { ifMatch: '2', ifNoneMatch: '1' });
    expect(read).toThrow(expect.objectContaining({ code: 'precondition-failed' }));
  });

  test('stops one that would find the same again', () => {
    expect(() => meetReadConditions('1', { ifNoneMatch: '1' })).toThrow(
      expect.objectContaining({ code: 'not-modified' }),
    );
  });
});
