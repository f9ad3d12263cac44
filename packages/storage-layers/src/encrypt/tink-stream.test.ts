import { describe, expect, it } from 'vitest';
import { type RootKey, TAG_BYTES } from './ciphers.ts';
import { webCiphers } from './ciphers-web.ts';
import { ciphersOf } from './runtime-ciphers.ts';
import {
  beginTinkStream,
  type TinkParameters,
  tinkHeaderBytes,
  tinkStream,
} from './tink-stream.ts';

/**
 * Test vectors of the format's authors: tink-java, AesGcmHkdfStreamingTestUtil.java, all eight. The first
 * is also that of tink-cross-lang-tests, aes_gcm_hkdf_streaming_key_test.py, "manually created". Both at
 * https://github.com/tink-crypto, read 2026-11-21.
 */
interface Vector {
  readonly parameters: TinkParameters;
  readonly key: string;
  readonly associatedData: string;
  readonly plain: string;
  readonly ciphertext: string;
}

const KEY_16 = '6eb56cdc726dfbe5d57f2fcdc6e9345b';
const KEY_32 = `00112233445566778899aabbccddeeff${KEY_16}`;
const EMPTY_32 =
  '28fae780c70a82d1256c8303a1261ac6a98cf557b4e173967a62f3c149517ba5b2431da93b3c6e90f508b34dc14bfda59bab05681c6ad3fa';
const small = (hash: TinkParameters['hash']): TinkParameters => ({
  hash,
  derivedKeyBytes: 16,
  segmentBytes: 64,
});

const VECTORS: readonly Vector[] = [
  {
    parameters: small('SHA-1'),
    key: KEY_16,
    associatedData: hex(new TextEncoder().encode('aad')),
    plain:
      'This is a fairly long plaintext. It is of the exact length to create three output blocks. ',
    ciphertext:
      '1893b3af5e14ab378d065addfc8484da642c0862877baea8' +
      'db92d9c77406a406168478821c4298eab3e6d531277f4c1a051714faebcaefcbca7b7be05e9445ea' +
      'a0bb2904153398a25084dd80ae0edcd1c3079fcea2cd3770630ee36f7539207b8ec9d754956d486b71cdf989f0ed6fba6779b63558be0a66e668df14e1603cd2' +
      'af8944844078345286d0b292e772e7190775c51a0f83e40c0b75821027e7e538e111',
  },
  {
    parameters: small('SHA-1'),
    key: KEY_16,
    associatedData: '',
    plain: '',
    ciphertext: '18ec99b2c3884194023bd41bb9bff309205354c750fa0cb3c0d02609abf71f88eaeaa48d7deca27f',
  },
  {
    parameters: small('SHA-256'),
    key: KEY_16,
    associatedData: '',
    plain: '',
    ciphertext: '18be78bce0cab6fd38a9041eea8ab0ffc4cf17e3c00b661d3927f5f79069f41a210fedc40b25648c',
  },
  {
    parameters: small('SHA-512'),
    key: KEY_16,
    associatedData: '',
    plain: '',
    ciphertext: '18fec8139ccb406e0f140d7e2bcc41e1b899bc1b121574cc31d1c78ed2ca1cdf324665b8dce21095',
  },
  {
    parameters: small('SHA-1'),
    key: KEY_32,
    associatedData: '',
    plain: '',
    ciphertext: '180880e85a24207a7b72cefde26306ed09d7d76e58104b751d005a3ffd72dd6151f0d9c8ccf163f7',
  },
  {
    parameters: { hash: 'SHA-1', derivedKeyBytes: 32, segmentBytes: 64 },
    key: KEY_32,
    associatedData: '',
    plain: '',
    ciphertext: EMPTY_32,
  },
  {
    parameters: { hash: 'SHA-1', derivedKeyBytes: 32, segmentBytes: 128 },
    key: KEY_32,
    associatedData: '',
    plain: '',
    ciphertext: EMPTY_32,
  },
  {
    parameters: { hash: 'SHA-1', derivedKeyBytes: 32, segmentBytes: 120 },
    key: KEY_32,
    associatedData: '00010203',
    plain: 'BLOCK 1.BLOCK 2.BLOCK 3.BLOCK 4.BLOCK 5.BLOCK 6.BLOCK 7.BLOCK 8.',
    ciphertext:
      '28782994617714a80fa085e15051a16854522330d6d0f26c049b2192f09cdd98b2eb90c753bfff277a29e54fa4afb15d648c28477eb07f012535c767f5fdce24ffffae318480c1d37357d6d3c511159318afa09ef38aa3f5456fd7817c5c02dd6e1a7fef174c8bd24e38b5982ac105497c0101ac5581fe5b',
  },
];

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** The segments of a ciphertext: the first is shorter by the header. */
function segments(ciphertext: Uint8Array, { segmentBytes }: TinkParameters, header: number) {
  const cuts: Uint8Array[] = [];
  for (let start = header; start < ciphertext.byteLength || cuts.length === 0; ) {
    const end = (cuts.length + 1) * segmentBytes;
    cuts.push(ciphertext.subarray(start, end));
    start = end;
  }
  return cuts;
}

describe.each([
  ['Web Crypto', webCiphers],
  ['Node', ciphersOf(globalThis)],
])('the stream format of Tink, made by %s', (_, ciphers) => {
  const importKey = async (key: string): Promise<RootKey> => ciphers.root(bytes(key));

  for (const [number, vector] of VECTORS.entries()) {
    it(`opens and seals test vector ${number} of its authors`, async () => {
      const { parameters, key, associatedData, plain, ciphertext } = vector;
      const stored = bytes(ciphertext);
      const length = tinkHeaderBytes(parameters);
      const header = stored.subarray(0, length);
      const stream = await tinkStream(
        parameters,
        await importKey(key),
        bytes(associatedData),
        header,
      );
      const sealed = segments(stored, parameters, length);
      const opened: string[] = [];
      for (const [index, segment] of sealed.entries()) {
        const isLast = index === sealed.length - 1;
        const content = await stream.open(index, isLast, segment);
        opened.push(new TextDecoder().decode(content));
        expect(hex(await stream.seal(index, isLast, content))).toBe(hex(segment));
      }
      expect(opened.join('')).toBe(plain);
    });
  }

  it('opens no segment at another place, and none that does not say that it is the last', async () => {
    const parameters = small('SHA-256');
    const key = await importKey(KEY_32);
    const stream = await beginTinkStream(parameters, key, bytes('aa'));
    const sealed = await stream.seal(1, false, bytes('0102'));
    expect(sealed.byteLength).toBe(2 + TAG_BYTES);
    for (const [index, isLast] of [
      [0, false],
      [2, false],
      [1, true],
    ] as const) {
      await expect(stream.open(index, isLast, sealed)).rejects.toMatchObject({ code: 'corrupted' });
    }
    const other = await tinkStream(parameters, key, bytes('ab'), stream.header);
    await expect(other.open(1, false, sealed)).rejects.toMatchObject({ code: 'corrupted' });
  });

  it('takes a salt and a nonce prefix of its own for every stream', async () => {
    const key = await importKey(KEY_32);
    const headers = await Promise.all(
      Array.from({ length: 20 }, () => beginTinkStream(small('SHA-256'), key, bytes('aa'))),
    );
    expect(new Set(headers.map(({ header }) => hex(header))).size).toBe(20);
  });

  it('refuses what is no header', async () => {
    const key = await importKey(KEY_32);
    const { header } = await beginTinkStream(small('SHA-256'), key, bytes('aa'));
    const wrong = header.slice();
    wrong[0] = 40;
    for (const bad of [header.subarray(1), wrong]) {
      const opening = tinkStream(small('SHA-256'), key, bytes('aa'), bad);
      await expect(opening).rejects.toMatchObject({ code: 'corrupted' });
    }
  });
});
