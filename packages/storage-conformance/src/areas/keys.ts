import { joinKey, toBody, withPrefix } from '@granary/storage-core/provider';
import { ensure, equal, failsWith } from '../check.ts';
import { encode } from '../content.ts';
import { operations } from '../open-context.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const DEFAULT_MAX_KEY_BYTES = 1024;

/** Keys that are none. */
const BAD_KEYS: readonly string[] = [
  ...['', '/', '/a', 'a/', '//', 'a//b', 'a/b//', '.', '..', './a', '../a', 'a/.', 'a/..'],
  ...['a/./b', 'a/../b', 'a/../../b', 'a\0b', '\0', '\ud800', 'a/\udc00/b', 'a\ud800'],
];

/** A key of this many ASCII characters, in segments of about 100. */
function keyOf(length: number): string {
  const key = `${'k'.repeat(100)}/`.repeat(Math.ceil(length / 101)).slice(0, length);
  return key.replace(/\/$/, 'k');
}

/** Puts an object under each key, reads all of them back, lists them, and deletes every second one. */
async function roundTrip(context: ScenarioContext, keys: readonly string[]): Promise<void> {
  const { provider, put, text } = context;
  for (const key of keys) equal((await put(key, `at ${key}`)).key, key, 'the key in the info');
  for (const key of keys) {
    equal(await text(key), `at ${key}`, `content under ${JSON.stringify(key)}`);
    equal((await provider.stat(key, {})).key, key, 'the key that stat tells');
  }
  equal((await context.keys()).toSorted(), keys.toSorted(), 'the listed keys');
  for (const key of keys)
    equal(await context.keys({ prefix: key, limit: 1 }), [key], 'listed by itself');
  const gone = keys.filter((_key, index) => index % 2 === 0);
  for (const key of gone) await context.delete(key);
  const left = keys.filter((key) => !gone.includes(key));
  equal((await context.keys()).toSorted(), left.toSorted(), 'the keys that are left');
  for (const key of left) equal(await text(key), `at ${key}`, 'content that was not deleted');
}

function ordinary(title: string, keys: readonly string[], rule = 'KEY-2'): Scenario {
  return { rule, title, run: (context) => roundTrip(context, keys) };
}

/** Every ASCII character that a key may hold, in groups of 16. */
export function asciiGroups(): string[] {
  const groups: string[] = [];
  for (let start = 0; start < 128; start += 16) {
    let group = '';
    for (let code = Math.max(start, 1); code < start + 16; code += 1) {
      if (code !== 0x2f) group += String.fromCharCode(code);
    }
    groups.push(`g${groups.length}${group}`);
  }
  return groups;
}

function asciiAlone(): string[] {
  const keys: string[] = [];
  for (let code = 1; code < 128; code += 1) {
    const character = String.fromCharCode(code);
    const isLetter = /[a-z]/i.test(character);
    if (character !== '/' && character !== '.' && !isLetter)
      keys.push(character, `in/${character}/side`);
  }
  return keys;
}

export const keyScenarios: readonly Scenario[] = [
  {
    rule: 'KEY-1',
    title: 'refuses what is no key, in every operation',
    async run({ provider, capabilities, keys }) {
      const max = capabilities.maxKeyBytes ?? DEFAULT_MAX_KEY_BYTES;
      const bad = [...BAD_KEYS, keyOf(max + 1), 'é'.repeat(Math.floor(max / 2) + 1)];
      for (const key of bad) {
        const named = `with the key ${JSON.stringify(key.slice(0, 40))}`;
        const refused = (action: () => unknown, operation: string) =>
          failsWith('invalid-key', action, `${operation} ${named}`);
        await refused(() => provider.get(key, {}), 'get');
        await refused(() => provider.put(key, toBody('x'), {}), 'put');
        await refused(() => provider.stat(key, {}), 'stat');
        await refused(() => provider.delete(key, {}), 'delete');
        if (provider.copy) {
          await refused(() => provider.copy?.(key, 'to', {}), 'copy from');
          await refused(() => provider.copy?.('from', key, {}), 'copy to');
        }
        if (provider.move) {
          await refused(() => provider.move?.(key, 'to', {}), 'move from');
          await refused(() => provider.move?.('from', key, {}), 'move to');
        }
        if (provider.setMetadata) {
          await refused(() => provider.setMetadata?.(key, {}, {}), 'setMetadata');
        }
        if (provider.upload) await refused(() => provider.upload?.(key, {}), 'upload');
        if (provider.presign) await refused(() => provider.presign?.(key, {}), 'presign');
        if (provider.versions) {
          await refused(() => provider.versions?.restore(key, 'v1', {}), 'restore');
        }
        if (provider.publicUrl) await refused(() => provider.publicUrl?.(key), 'publicUrl');
      }
      equal(await keys(), [], 'keys after refused writes');
    },
  },
  {
    rule: 'KEY-1',
    title: 'sends nothing for a key that is none',
    needs: ['outside.requests'],
    async run({ provider, outside }) {
      await provider.stat('warm-up', {}).catch(() => undefined);
      const before = outside.requests?.();
      for (const key of BAD_KEYS) {
        await failsWith('invalid-key', provider.put(key, toBody('x'), {}), 'put');
        await failsWith('invalid-key', provider.get(key, {}), 'get');
      }
      equal(outside.requests?.(), before, 'requests sent for bad keys');
    },
  },
  {
    rule: 'KEY-1',
    title: 'takes a key of the longest allowed length, counted in bytes',
    async run(context) {
      const max = context.capabilities.maxKeyBytes ?? DEFAULT_MAX_KEY_BYTES;
      const plain = keyOf(max);
      equal(encode(plain).byteLength, max, 'bytes of the key');
      const wide = `${'é/'.repeat(Math.min(60, Math.floor((max - 2) / 3)))}é`;
      await roundTrip(context, [plain, wide]);
    },
  },
  {
    rule: 'KEY-2',
    title: 'takes a single segment of 255, 256 and more bytes',
    async run(context) {
      const max = context.capabilities.maxKeyBytes ?? DEFAULT_MAX_KEY_BYTES;
      const segments = [254, 255, 256, 300, max].filter((bytes) => bytes <= max);
      await roundTrip(context, [
        ...segments.map((bytes) => 'a'.repeat(bytes)),
        'é'.repeat(Math.min(128, Math.floor(max / 2))),
      ]);
    },
  },
  ordinary('keeps every ASCII character, in groups', asciiGroups()),
  ordinary('keeps every ASCII character that stands alone in a segment', asciiAlone()),
  ordinary('keeps Chinese, Japanese and Korean', ['文件/数据.txt', 'ファイル', '파일', '文']),
  ordinary('keeps emoji and other characters outside the first plane', [
    ...['😀', '👩‍👩‍👧', '𝒳/𠜎', 'a😀b', '\u{10ffff}'],
  ]),
  ordinary('keeps the composed and the decomposed form apart', [
    'caf\u00e9',
    'cafe\u0301',
    '\u1e69',
    's\u0323\u0307',
    's\u0307\u0323',
  ]),
  ordinary('keeps directional marks, zero-width characters and byte order marks', [
    ...[
      'a\u202eb',
      'a\u200bb',
      'a\u200db',
      '\ufeffa',
      'a\u00a0b',
      'ab',
      'a\u2028b',
      '\ufffe',
      '\uffff',
    ],
  ]),
  ordinary('keeps spaces at both ends of a segment', [
    ...[' a', 'a ', 'a', ' ', '  ', 'd /x', ' d/x', 'd/ x', 'd/x ', 'd/x'],
  ]),
  ordinary('keeps line ends and tabs at both ends', [
    ...['\ra', 'a\r', '\na', 'a\n', '\ta', 'a\t', '\va', 'a\v', 'a\r\n', 'a'],
  ]),
  ordinary('keeps dots and tildes at both ends', [
    ...['.a', 'a.', 'a..', '..a', '...', 'a', '~', '~a', 'a~', '.a./.b.', 'd./x', 'd/x'],
  ]),
  ordinary('keeps a space, a plus sign and %20 apart', ['a b', 'a+b', 'a%20b', 'a%2Bb']),
  ordinary('decodes no percent sign', [
    ...['F', '%46', '%', '%%', '%2', '%zz', 'a%00b', '%2e', '%2e%2e', '%25', '%2525'],
  ]),
  ordinary('takes no %2F for a delimiter', ['a%2Fb', 'a/b', 'd/a%2Fb', 'd/a/b']),
  ordinary('keeps what a URL would take for a query or a fragment', [
    ...['a', 'a?', 'a?x=1', 'a?x=2', 'a#', 'a#b', 'a&b', 'a;b', 'a=b', '?', '#', 'http:a'],
  ]),
  ordinary('keeps quotes, brackets and what XML would escape', [
    ...[
      "a'b",
      'a"b',
      'a<b',
      'a>b',
      'a&amp;b',
      '<Key>',
      ']]>',
      'a`b',
      'a{b}',
      'a[b]',
      'a(b)',
      "'",
      '"',
    ],
  ]),
  ordinary('keeps a colon, a backslash and a slash apart', [
    ...['a:b', 'a/b', 'a\\b', 'd/a\\b', 'd/a/b', '\\', ':', 'C:', 'a|b', 'a*b'],
  ]),
  ordinary('keeps a dollar sign at the end', ['a$', 'a', '$a', '$', 'd$/x', 'd/x']),
  ordinary('keeps names that Windows reserves', [
    ...['CON', 'con.txt', 'aux', 'aux.txt', 'NUL', 'd/COM1', 'LPT1.tar.gz', 'PRN/x', 'com¹'],
  ]),
  {
    rule: 'KEY-2',
    title: 'keeps upper and lower case apart',
    needs: ['caseSensitive'],
    run: (context) =>
      roundTrip(context, [
        'Ab',
        'aB',
        'ab',
        'AB',
        'D/x',
        'd/x',
        'É',
        'é',
        'ß',
        'SS',
        'ss',
        '%2F',
        '%2f',
        '\u212b',
        '\u00c5',
      ]),
  },
  {
    rule: 'KEY-2',
    title: 'treats two spellings of one key as one object where case does not count',
    needs: ['!caseSensitive'],
    async run({ put, text, keys }) {
      await put('Name', 'first');
      await put('nAME', 'second');
      equal(await text('name'), 'second', 'content under a third spelling');
      equal((await keys()).length, 1, 'number of keys');
    },
  },
  {
    rule: 'KEY-3',
    title: 'keeps an object beside objects below its name',
    needs: ['fileAndFolder'],
    async run(context) {
      await roundTrip(context, ['a', 'a/b', 'a/b/c', 'x/y/z', 'x/y', 'x']);
      await context.put('p/q', 'below');
      await context.put('p', 'above');
      await context.delete('p/q');
      equal(await context.text('p'), 'above', 'the object above');
    },
  },
  {
    rule: 'KEY-3',
    title: 'refuses an object below an object, and an object above objects, with conflict',
    needs: ['!fileAndFolder'],
    async run({ put, text, keys }) {
      await put('a', 'above');
      const below = await failsWith('conflict', put('a/b', 'below'), 'put below an object');
      ensure(!below.retryable, 'the conflict should not be retryable');
      await put('x/y', 'below');
      const above = await failsWith('conflict', put('x', 'above'), 'put above an object');
      ensure(!above.retryable, 'the conflict should not be retryable');
      equal(await text('a'), 'above', 'the first object');
      equal(await text('x/y'), 'below', 'the first object below');
      equal((await keys()).toSorted(), ['a', 'x/y'], 'the keys');
    },
  },
  ordinary(
    'stores keys that look like bookkeeping, and lists them',
    [
      ...[
        'x',
        'x.meta.json',
        'x.meta',
        'x.meta.json.meta.json',
        '.source-metadata.json',
        '.meta.json',
      ],
      ...['.tmp-1', 'x.tmp', 'x.part', '.x.tmp-123', 'x.lock', '.granary/x', 'd/.meta.json'],
      ...['granary', '.trash/x', '~$x', '.DS_Store', 'x.bak', 'x~', 'd/x', 'd/x.meta.json'],
    ],
    'KEY-4',
  ),
  {
    rule: 'KEY-4',
    title: 'keeps attributes of an object beside an object with the name of its companion',
    needs: ['attributes'],
    async run({ provider, put, text, keys, delete: remove }) {
      await put('x', 'object', { metadata: { of: 'x' } });
      await put('x.meta.json', '{"of":"companion"}', { metadata: { of: 'x.meta.json' } });
      await put('x.meta', 'suffix');
      equal((await provider.stat('x', {})).metadata, { of: 'x' }, 'metadata of x');
      equal(
        (await provider.stat('x.meta.json', {})).metadata,
        { of: 'x.meta.json' },
        'metadata of x.meta.json',
      );
      equal((await keys()).toSorted(), ['x', 'x.meta', 'x.meta.json'], 'the keys');
      await remove('x');
      equal(await text('x.meta.json'), '{"of":"companion"}', 'the other object after deleting x');
      equal(await text('x.meta'), 'suffix', 'the third object after deleting x');
    },
  },
  ordinary(
    'takes names that objects of JavaScript have, and numbers, as plain strings',
    [
      ...[
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        'd/__proto__/x',
        'prototype',
        'then',
      ],
      ...['12345', '0', '-1', '1e3', '007', 'true', 'null', 'undefined', 'NaN', 'length'],
    ],
    'KEY-5',
  ),
  {
    rule: 'KEY-6',
    title: 'keeps keys that look like a way out inside the store',
    async run(context) {
      await roundTrip(context, [
        ...[
          '..\\x',
          'a\\..\\..\\x',
          '%2e%2e/x',
          '..%2fx',
          'C:\\x',
          '\\\\server\\share',
          'C:/x',
          '...',
        ],
        ...[
          '.. /x',
          '..;/x',
          'etc/passwd',
          '~root/x',
          '$HOME',
          '%00',
          'file:x',
          '..\\..\\etc\\passwd',
        ],
      ]);
      for (const key of ['../x', 'a/../../x', 'a/..', '/etc/passwd', '..', './../x']) {
        await failsWith('invalid-key', context.put(key, 'out'), `put of ${key}`);
        await failsWith('invalid-key', context.provider.get(key, {}), `get of ${key}`);
        await failsWith('invalid-key', context.delete(key), `delete of ${key}`);
      }
      for (const prefix of ['../', '..', '/', './', '../../']) {
        const outside = (await context.keys({ prefix })).filter((key) => !key.startsWith(prefix));
        equal(outside, [], `keys listed with the prefix ${prefix}`);
      }
      equal(await context.keys({ prefix: '../' }), [], 'keys above the root');
      if (context.outside.intact)
        ensure(await context.outside.intact(), 'what lies beside the root should be as it was');
    },
  },
  {
    rule: 'KEY-7',
    title: 'keeps a prefix view inside its prefix',
    async run({ provider, put, text, keys }) {
      await put('ab', 'sibling');
      await put('a-c', 'sibling');
      const view = withPrefix(provider, 'a');
      const inside = operations(view);
      await inside.put('b', 'inside');
      await inside.put('c/d', 'inside too');
      equal(await inside.text('b'), 'inside', 'content through the view');
      equal((await inside.keys()).toSorted(), ['b', 'c/d'], 'keys of the view');
      equal(await inside.keys({ prefix: 'b' }), ['b'], 'keys of the view with a prefix');
      equal((await view.stat('b', {})).key, 'b', 'the key in the info of the view');
      for (const key of ['../ab', '..', '/ab', '../a/b']) {
        await failsWith('invalid-key', view.get(key, {}), `get of ${key} in the view`);
        await failsWith('invalid-key', view.delete(key, {}), `delete of ${key} in the view`);
      }
      await inside.delete('b');
      equal((await keys()).toSorted(), ['a-c', 'a/c/d', 'ab'], 'keys of the store');
      equal(await text('ab'), 'sibling', 'the sibling');
      equal(joinKey('a', 'c/d'), 'a/c/d', 'the joined key');
    },
  },
];
