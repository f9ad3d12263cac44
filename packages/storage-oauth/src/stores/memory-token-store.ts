import type { TokenName, TokenStore } from './token-store.ts';

/** Keeps tokens until the program ends. */
export function memoryTokenStore(): TokenStore {
  const texts = new Map<string, string>();
  const nameOf = ({ space, account }: TokenName): string => `${space} ${account}`;
  return {
    place: 'memory',
    isShared: false,
    read: async (name) => texts.get(nameOf(name)),
    async write(name, text) {
      texts.set(nameOf(name), text);
    },
    async swap(name, before, text) {
      if (texts.get(nameOf(name)) !== before) return false;
      texts.set(nameOf(name), text);
      return true;
    },
    async remove(name) {
      texts.delete(nameOf(name));
    },
    async list(space) {
      const names = [...texts.keys()].filter((name) => name.startsWith(`${space} `));
      return names.map((name) => name.slice(space.length + 1));
    },
  };
}
