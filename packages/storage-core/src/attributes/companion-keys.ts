import { type CompanionLayout, isCompanionName } from './companion-layout.ts';

/** The last printable character before those that names are made of, so that order is kept. */
const MARK = '!';

/**
 * Ordinary keys that look like companions, and back: a segment that looks like one, or like one
 * that was marked, gets one more mark at its end. Only an addition at the end, so that prefixes
 * still find it.
 */
export interface CompanionKeys {
  /** The name below of a key. */
  down(key: string): string;
  /** The key of a name below; `undefined` for a companion. */
  up(name: string): string | undefined;
  /** A prefix below that finds every name whose key has this prefix. */
  downPrefix(prefix: string): string;
}

export function companionKeys(layout: CompanionLayout): CompanionKeys {
  const looksMarked = (segment: string) => isCompanionName(segment.replace(/!+$/, ''), layout);
  const mark = (segment: string) => (looksMarked(segment) ? segment + MARK : segment);

  function unmark(segment: string): string | undefined {
    if (!looksMarked(segment)) return segment;
    return segment.endsWith(MARK) ? segment.slice(0, -MARK.length) : undefined;
  }

  return {
    down: (key) => key.split('/').map(mark).join('/'),
    up(name) {
      const segments = name.split('/').map(unmark);
      return segments.includes(undefined) ? undefined : segments.join('/');
    },
    downPrefix(prefix) {
      const segments = prefix.split('/');
      const open = segments.pop() ?? '';
      return [...segments.map(mark), open].join('/');
    },
  };
}
