import { checkKey } from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { changed, folding, isItem, listing, type Mutation, unguarded } from './mutation.ts';

export const keyMutations: readonly Mutation[] = [
  { rule: 'KEY-1', name: 'takes whatever comes for a key', wrap: unguarded },
  {
    rule: 'KEY-1',
    name: 'counts the length of a key in characters',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          async put(key, body, options) {
            checkKey(key.length > 1024 ? key : key.replaceAll('é', 'e'));
            return provider.put(key, body, options);
          },
        }),
      ),
  },
  {
    rule: 'KEY-6',
    name: 'follows .. out of its root',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          put: (key, body, options) =>
            provider.put(new URL(key, 'f:///root/').pathname, body, options),
        }),
      ),
  },
  folding('KEY-2', 'composes characters', (key) => key.normalize('NFC')),
  folding('KEY-2', 'folds upper and lower case', (key) => key.toLowerCase()),
  folding('KEY-2', 'trims keys', (key) => key.trim()),
  folding('KEY-2', 'decodes %2F', (key) => key.replaceAll('%2F', '/')),
  folding('KEY-2', 'decodes every escape that it can', (key) => {
    try {
      return decodeURIComponent(key);
    } catch {
      return key;
    }
  }),
  folding('KEY-2', 'takes a plus sign for a space', (key) => key.replaceAll('+', ' ')),
  folding('KEY-2', 'cuts a query off', (key) => key.split('?')[0] ?? ''),
  folding('KEY-2', 'takes a colon for a slash', (key) => key.replaceAll(':', '/')),
  folding('KEY-2', 'turns backslashes round', (key) => key.replaceAll('\\', '/')),
  folding('KEY-2', 'cuts long segments', (key) =>
    key
      .split('/')
      .map((name) => name.slice(0, 255))
      .join('/'),
  ),
  folding(
    'KEY-2',
    'drops dots at the end, as Windows does',
    (key) => key.replace(/\.+$/, '') || '_',
  ),
  folding('KEY-3', 'keeps an object and what is below it in one place', (key) =>
    key.replace(/^(x\/y|p)\/.*$/, '$1'),
  ),
  listing('KEY-4', 'hides keys that look like its companions', (entries) =>
    entries.filter(({ key }) => !key.endsWith('.meta.json')),
  ),
  listing('KEY-2', 'hides keys that end with $', (entries) =>
    entries.filter(({ key }) => !key.endsWith('$')),
  ),
  changed('KEY-4', 'drops what looks like a temporary file', (provider) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      if (key.startsWith('.tmp-')) await provider.delete(key, {});
      return info;
    },
  })),
  listing('KEY-5', 'turns numeric keys into numbers', (entries) =>
    entries.map((entry) =>
      /^\d+$/.test(entry.key) ? { ...entry, key: String(Number(entry.key)) } : entry,
    ),
  ),
  listing('KEY-5', 'loses __proto__ in a plain object', (entries) => {
    const byKey: Record<string, (typeof entries)[number]> = {};
    for (const entry of entries) byKey[entry.key] = entry;
    return Object.values(byKey);
  }),
  changed('KEY-3', 'loses the object when one is put below it', (provider) => ({
    async put(key, body, options) {
      const above = key.slice(0, Math.max(key.lastIndexOf('/'), 0));
      if (above !== '') await provider.delete(above, {});
      return provider.put(key, body, options);
    },
  })),
  listing('LIST-10', 'tells a size that is not right', (entries) =>
    entries.map((entry) => (isItem(entry) ? { ...entry, size: 1 } : entry)),
  ),
];
