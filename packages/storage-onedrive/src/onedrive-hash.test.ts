import { describe, expect, test } from 'vitest';
import { quickXorHash, quickXorHasher } from './onedrive-hash.ts';

// Vectors that were made with the published C# code, as rclone keeps them:
// https://github.com/rclone/rclone/blob/master/backend/onedrive/quickxorhash/quickxorhash_test.go, read 2026-11-21
const VECTORS: readonly (readonly [content: string, hash: string])[] = [
  ['', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['Sg==', 'SgAAAAAAAAAAAAAAAQAAAAAAAAA='],
  ['tbQ=', 'taAFAAAAAAAAAAAAAgAAAAAAAAA='],
  ['/aNzzCFPS/A=', '/RjFHJgRgicsAR4ACAAAAAAAAAA='],
  ['i+UZyUGJKh+ISbk=', 'iyhHBpIRhESo4AOIQ0IuAAAAAAA='],
  ['XoJ1AsoR4fDYJrDqYs4=', 'XhBEHQSgjAiEAx7YPgEs1CEGZwA='],
  ['2fuxhBJXtpWFe8dOfdGeHw==', 'O9tHLAghgSvYohKFyMMxnNCHaHg='],
  ['T6LYJIfDh81JrAK309H2JMJTXis=', 'zBTHrspn3mEcohlJdIUAbjGNaNg='],
  ['NbYXsp5/K6mR+NmHwExjvWeWDJFnXTKWVlzYHoesp2E=', 'wjuAuWDiq04qDt1R8hHWDDcwVoQ='],
  [
    'Mb7EGva2rEE5fENDL85P+BsapHEEjv2/siVhKjvAQe02feExVOQSkfmuYzU/kTF1MaKjPmKF/w+cbvwfdWL8aQ==',
    'n1anP5NfvD4XDYWIeRPW3ZkPv1Y=',
  ],
  [
    'qwGf2ESubE5jOUHHyc94ORczFYYbc2OmEzo+hBIyzJiNwAzC8PvJqtTzwkWkSslgHFGWQZR2BV5+uYTrYT7HVwRM40vqfj0dBgeDENyTenIOL1LHkjtDKoXEnQ0mXAHoJ8PjbNC93zi5TovVRXTNzfGEs5dpWVqxUzb5lc7dwkyvOluBw482mQ4xrzYyIY1t+//OrNi1ObGXuUw2jBQOFfJVj2Y6BOyYmfB1y36eBxi3zxeG5d5NYjm2GSh6e08QMAwu3zrINcqIzLOuNIiGXBtl7DjKt7b5wqi4oFiRpZsCyx2smhSrdrtK/CkdU6nDN+34vSR/M8rZpWQdBE7a8g==',
    'WYT9JY3JIo/pEBp+tIM6Gt2nyTM=',
  ],
];

const bytesOf = (text: string) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

describe('QuickXorHash', () => {
  test.each(VECTORS)('of %s is the published one', (content, hash) => {
    expect(quickXorHash(bytesOf(content))).toBe(hash);
  });

  test('is the same wherever content lies in memory, in pieces of any size', () => {
    const buffer = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 7919) >> 5);
    const bytewise = quickXorHasher();
    const content = buffer.subarray(3);
    for (let at = 0; at < content.length; at += 1) bytewise.update(content.subarray(at, at + 1));
    const expected = bytewise.digest();
    expect(quickXorHash(content)).toBe(expected);
    expect(quickXorHash(content.slice())).toBe(expected);
    for (const size of [159, 320, 1001, 64_001]) {
      const hasher = quickXorHasher();
      for (let at = 0; at < content.length; at += size)
        hasher.update(content.subarray(at, at + size));
      expect(hasher.digest()).toBe(expected);
    }
  });

  test.each([1, 7, 160, 161])('is the same in pieces of %i bytes', (size) => {
    for (const [content, hash] of VECTORS) {
      const bytes = bytesOf(content);
      const hasher = quickXorHasher();
      for (let at = 0; at < bytes.length; at += size) hasher.update(bytes.subarray(at, at + size));
      expect(hasher.digest()).toBe(hash);
    }
  });
});
