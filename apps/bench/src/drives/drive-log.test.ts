import { describe, expect, test } from 'vitest';
import { countCalls, type DriveCall, partsOf } from './drive-log.ts';

const call = (path: string, parts = 1): DriveCall => ({ method: 'POST', host: 'h', path, parts });

describe('countCalls', () => {
  test.each(['/token', '/common/oauth2/v2.0/token', '/oauth2/token'])(
    'keeps a request to %s apart',
    (path) => {
      expect(countCalls([call(path), call('/drive/v3/files')])).toEqual({
        calls: 1,
        parts: 1,
        signIns: 1,
      });
    },
  );

  test('takes no file for a sign-in', () => {
    expect(countCalls([call('/v1.0/me/drive/root:/my-token')]).signIns).toBe(0);
  });

  test('counts a batch as one call, and as what is in it', () => {
    expect(countCalls([call('/v1.0/$batch', 20), call('/x')])).toEqual({
      calls: 2,
      parts: 21,
      signIns: 0,
    });
  });
});

describe('partsOf', () => {
  test('counts the requests of a batch of the Graph', () => {
    expect(partsOf('/v1.0/$batch', Buffer.from('{"requests":[{},{},{}]}'))).toBe(3);
  });

  test('counts the parts of a batch of Google', () => {
    const part = '--b\r\nContent-Type: application/http\r\n\r\nDELETE /x\r\n';
    expect(partsOf('/batch/drive/v3', Buffer.from(`${part}${part}--b--`))).toBe(2);
  });

  test('counts nothing in a batch that has nothing', () => {
    expect(partsOf('/v1.0/$batch', Buffer.from('{}'))).toBe(0);
    expect(partsOf('/batch/drive/v3', Buffer.from('--b--'))).toBe(0);
  });

  test('counts everything else as one', () => {
    expect(partsOf('/2/files/delete_batch', Buffer.from('{"entries":[{},{}]}'))).toBe(1);
  });
});
