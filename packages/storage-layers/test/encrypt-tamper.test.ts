import { isStorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import {
  CHUNK_BYTES,
  CHUNK_PLAIN_BYTES,
  HEAD_BYTES,
  HEADER_BYTES,
  TINK,
} from '../src/encrypt/layout.ts';
import { type EncryptOptions, passphraseKeys, withEncrypt } from '../src/encrypt.ts';

vi.setConfig({ testTimeout: 60_000 });

const key = new Uint8Array(32).fill(7);
const RECORD = 'granary.encrypted';
const REFUSALS = ['corrupted', 'permission-denied'];

function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => ((at + seed) * 2_654_435_761) >>> 24);
}

interface Store {
  readonly below: StorageProvider;
  readonly store: StorageProvider;
  raw(name: string): Promise<Uint8Array<ArrayBuffer>>;
  record(name: string): Promise<string>;
  /** Puts bytes below, with the record that is there. */
  forge(name: string, bytes: Uint8Array, record?: string): Promise<void>;
}

function open(options: Partial<EncryptOptions> = {}): Store {
  const below = createMemory.provider();
  const all: EncryptOptions =
    'key' in options || options.keyProvider ? options : { key, ...options };
  async function raw(name: string) {
    return (await (await below.get(name, {})).bytes()) as Uint8Array<ArrayBuffer>;
  }
  async function record(name: string) {
    return String((await below.stat(name, {})).metadata?.[RECORD] ?? '');
  }
  return {
    below,
    store: withEncrypt(below, all),
    raw,
    record,
    async forge(name, bytes, given) {
      const text = given ?? (await record(name).catch(() => ''));
      const metadata = text === '' ? {} : { metadata: { [RECORD]: text } };
      await below.put(name, toBody(bytes), metadata);
    },
  };
}

/** Reads in every way, and sees that nothing comes out but what was written, before the refusal. */
async function refused(store: StorageProvider, name: string, content: Uint8Array): Promise<void> {
  const reads = {
    bytes: async () => (await store.get(name, {})).bytes(),
    async stream() {
      let at = 0;
      for await (const piece of (await store.get(name, {})).stream()) {
        const written = content.subarray(at, at + piece.byteLength);
        if (Buffer.compare(piece, written) !== 0)
          throw new Error('bytes came that were not written');
        at += piece.byteLength;
      }
    },
  };
  for (const [way, read] of Object.entries(reads)) {
    const error = await read().then(
      () => new Error(`${way} was not refused`),
      (failure: unknown) => failure,
    );
    if (!isStorageError(error) || !REFUSALS.includes(error.code)) throw error;
    expect(error.message).toContain(name);
  }
}

function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[at] = (changed[at] ?? 0) ^ bit;
  return changed;
}

describe('a changed object', () => {
  it('is refused whichever byte of its head was changed', async () => {
    const { store, raw, forge } = open();
    const content = noise(1000);
    await store.put('a', toBody(content), { metadata: { n: 1 } });
    const stored = await raw('a');
    for (let at = 0; at < HEAD_BYTES; at += 1) {
      await forge('a', flipped(stored, at, 1 << (at % 8)));
      await refused(store, 'a', content);
    }
    await forge('a', stored);
    expect(Buffer.compare(await (await store.get('a', {})).bytes(), content)).toBe(0);
  });

  it('is refused whichever byte of its segments was changed', async () => {
    const { store, raw, forge } = open();
    const content = noise(300_000);
    await store.put('a', toBody(content), {});
    const stored = await raw('a');
    const borders = [HEAD_BYTES, HEADER_BYTES + TINK.segmentBytes, stored.byteLength];
    const places = borders.flatMap((at) => [-17, -16, -1, 0, 1, 16].map((step) => at + step));
    const spread = Array.from({ length: 60 }, (_, n) => HEAD_BYTES + n * 4999);
    for (const at of [...places, ...spread].filter((one) => one < stored.byteLength)) {
      await forge('a', flipped(stored, at));
      await refused(store, 'a', content);
    }
  });

  it('is refused in the part that was changed, and only there', async () => {
    const { store, raw, forge } = open();
    const content = noise(600_000);
    await store.put('a', toBody(content), {});
    await forge('a', flipped(await raw('a'), HEADER_BYTES + 3 * TINK.segmentBytes + 5));
    const part = async (offset: number, length: number) =>
      (await store.get('a', { range: { offset, length } })).bytes();
    expect(Buffer.compare(await part(0, 300_000), content.subarray(0, 300_000))).toBe(0);
    await expect(part(400_000, 10)).rejects.toMatchObject({ code: 'corrupted' });
    expect(Buffer.compare(await part(560_000, 5), content.subarray(560_000, 560_005))).toBe(0);
  });

  it('is refused wherever it was cut', async () => {
    const { store, raw, forge } = open();
    const content = noise(300_000);
    await store.put('a', toBody(content), {});
    const stored = await raw('a');
    const start = Array.from({ length: HEAD_BYTES + 40 }, (_, length) => length);
    const borders = [1, 2]
      .map((segment) => HEADER_BYTES + segment * TINK.segmentBytes)
      .concat(stored.byteLength)
      .flatMap((at) => Array.from({ length: 40 }, (_, step) => at - 20 + step));
    for (const length of [...start, ...borders].filter((one) => one < stored.byteLength)) {
      await forge('a', stored.subarray(0, length));
      await refused(store, 'a', content);
    }
  });

  it('is refused when bytes were added, or taken from the front', async () => {
    const { store, raw, forge } = open();
    const content = noise(200_000);
    await store.put('a', toBody(content), {});
    const stored = await raw('a');
    for (const extra of [1, 15, 16, 17, 1000, TINK.segmentBytes, CHUNK_BYTES]) {
      await forge('a', Buffer.concat([stored, new Uint8Array(extra)]));
      await refused(store, 'a', content);
    }
    await forge('a', Buffer.concat([stored, stored]));
    await refused(store, 'a', content);
    await forge('a', stored.subarray(1));
    await refused(store, 'a', content);
  });

  it('is refused when its segments or chunks changed places', async () => {
    const { store, raw, forge } = open();
    const content = noise(2 * CHUNK_PLAIN_BYTES + 10);
    await store.put('a', toBody(content), {});
    const stored = await raw('a');
    const pieces = (size: number, from: number, other: number) => {
      const changed = new Uint8Array(stored);
      changed.set(stored.subarray(from, from + size), other);
      changed.set(stored.subarray(other, other + size), from);
      return changed;
    };
    const segment = (n: number) => HEADER_BYTES + n * TINK.segmentBytes;
    await forge('a', pieces(TINK.segmentBytes, segment(1), segment(2)));
    await refused(store, 'a', content);
    await forge('a', pieces(TINK.segmentBytes, segment(1), CHUNK_BYTES + segment(1)));
    await refused(store, 'a', content);
    await forge('a', pieces(CHUNK_BYTES, 0, CHUNK_BYTES));
    await refused(store, 'a', content);
    // Without its head, a chunk has the keys of another one.
    await forge('a', pieces(CHUNK_BYTES - HEADER_BYTES, HEADER_BYTES, CHUNK_BYTES + HEADER_BYTES));
    await refused(store, 'a', content);
  });

  it('is refused when chunks are missing, doubled or of another object', {
    timeout: 60_000,
  }, async () => {
    const { store, raw, forge } = open();
    const content = noise(2 * CHUNK_PLAIN_BYTES);
    await store.put('a', toBody(content), {});
    await store.put('b', toBody(noise(2 * CHUNK_PLAIN_BYTES, 2)), {});
    const [stored, other] = [await raw('a'), await raw('b')];
    const chunk = (bytes: Uint8Array, n: number) =>
      bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
    const [first, second, last] = [chunk(stored, 0), chunk(stored, 1), chunk(stored, 2)];
    for (const forged of [
      [first, second],
      [first, last],
      [first],
      [second, last],
      [first, first, last],
      [first, second, second, last],
      [first, chunk(other, 1), last],
      [first, second, chunk(other, 2)],
      [chunk(other, 0), second, last],
    ]) {
      await forge('a', Buffer.concat(forged));
      await refused(store, 'a', content);
    }
    await forge('a', Buffer.concat([first, second, last]));
    expect(Buffer.compare(await (await store.get('a', {})).bytes(), content)).toBe(0);
  });

  it('is refused when two objects were swapped', async () => {
    const { store, below, raw, record, forge } = open();
    await store.put('a', toBody('one'), { tags: ['t'] });
    await store.put('b', toBody('two'), { tags: ['t'] });
    await forge('a', await raw('b'), await record('b'));
    await refused(store, 'a', noise(3));
    await expect(store.stat('a', {})).rejects.toMatchObject({ code: 'corrupted' });
    await below.copy?.('b', 'c', {});
    await refused(store, 'c', noise(3));
    await expect(
      (async () => (await store.get('c', { range: { offset: 0 } })).bytes())(),
    ).rejects.toMatchObject({ code: 'corrupted' });
  });

  it('is refused as plain content', async () => {
    const { store, below, forge } = open();
    for (const size of [0, 3, 567, 568, 5000, 200_000]) {
      await below.put('plain', toBody(noise(size)), {});
      await refused(store, 'plain', noise(0));
    }
    await store.put('a', toBody('secret'), { tags: ['t'] });
    await forge('a', new TextEncoder().encode('public'));
    await refused(store, 'a', noise(6));
  });

  it('is refused with another key, passphrase, context or binding', {
    timeout: 30_000,
  }, async () => {
    const { store, below } = open({ context: 'app' });
    await store.put('a', toBody('secret'), { tags: ['t'] });
    const others: readonly (readonly [string, EncryptOptions])[] = [
      ['permission-denied', { key: key.map((byte) => byte ^ 1), context: 'app' }],
      ['permission-denied', { passphrase: 'guess', context: 'app' }],
      ['corrupted', { key, context: 'other' }],
      ['corrupted', { key, context: 'app', bind: 'context' }],
    ];
    for (const [code, options] of others) {
      const reading = withEncrypt(below, options);
      await refused(reading, 'a', noise(0));
      await expect(reading.stat('a', {})).rejects.toMatchObject({ code });
    }
    const passphrases = open({ keyProvider: passphraseKeys('right') });
    await passphrases.store.put('a', toBody('secret'), {});
    const guess = withEncrypt(passphrases.below, { passphrase: 'wrong' });
    const error = await guess
      .get('a', {})
      .then((object) => object.bytes())
      .catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'permission-denied' });
    expect(String(error)).not.toContain('wrong');
  });

  it('is refused with numbers of its key derivation that were changed', {
    timeout: 30_000,
  }, async () => {
    const { store, raw, forge } = open({ keyProvider: passphraseKeys('right') });
    await store.put('a', toBody('secret'), {});
    const stored = await raw('a');
    // The kind, the highest bits of the rounds, and the salt; the others would only take their time.
    for (const [at, bit] of [
      [32, 1],
      [32, 2],
      [33, 1],
      [36, 128],
      [39, 1],
      [40, 1],
      [44, 1],
      [59, 128],
    ] as const) {
      await forge('a', flipped(stored, at, bit));
      await refused(store, 'a', noise(6));
    }
  });
});

describe('changed attributes', () => {
  it('are refused whichever letter was changed', async () => {
    const { store, raw, record, forge } = open();
    await store.put('a', toBody('secret'), { metadata: { n: 1 } });
    const [stored, text] = [await raw('a'), await record('a')];
    for (let at = 0; at < text.length; at += 1) {
      const letter = text[at] === 'A' ? 'B' : 'A';
      await forge('a', stored, text.slice(0, at) + letter + text.slice(at + 1));
      await refused(store, 'a', noise(6));
      const { code } = await store.stat('a', {}).catch((error) => error);
      expect(REFUSALS).toContain(code);
    }
    for (const cut of ['', 'A', text.slice(0, 40), text.slice(0, -1), `${text}A`, 'no base64 !']) {
      await forge('a', stored, cut === '' ? undefined : cut);
      if (cut !== '') await refused(store, 'a', noise(6));
    }
  });

  it('are refused when they are those of another object, or of another write', async () => {
    const { store, raw, record, forge } = open();
    await store.put('a', toBody('first'), { tags: ['old'] });
    const old = await record('a');
    await store.put('a', toBody('second'), { tags: ['new'] });
    await store.put('b', toBody('other'), { tags: ['other'] });
    await forge('a', await raw('a'), await record('b'));
    await refused(store, 'a', noise(6));
    await forge('a', await raw('a'), old);
    await refused(store, 'a', noise(6));
  });

  it('are missed when they were taken away', async () => {
    const { store, below, raw } = open();
    await store.put('a', toBody('secret'), { tags: ['t'] });
    await below.put('a', toBody(await raw('a')), {});
    await refused(store, 'a', noise(6));
  });

  it('leave the listing, and fail the one that asks for them', async () => {
    const { store, raw, forge } = open();
    await store.put('a', toBody('secret'), { tags: ['t'] });
    await store.put('b', toBody('fine'), { tags: ['t'] });
    await forge('a', await raw('a'), 'AAAA');
    const entries = [];
    for await (const page of store.list({})) entries.push(...page.entries);
    expect(entries).toMatchObject([
      { key: 'a', size: 6 },
      { key: 'b', size: 4, tags: ['t'] },
    ]);
    expect(entries[0]).not.toHaveProperty('tags');
    const listing = (async () => {
      for await (const _page of store.list({ include: ['attributes'] }));
    })();
    await expect(listing).rejects.toMatchObject({ code: 'corrupted', key: 'a' });
  });
});
