import type { StorageQuery } from '@granary/storage/browser';
import { NOTES_PREFIX, toTags } from './note.ts';

/** What somebody typed into the search field, taken apart. */
export interface SearchWords {
  readonly tags: readonly string[];
  readonly text: string;
}

/** Takes `#tags` and words apart. */
export function parseSearch(typed: string): SearchWords {
  const words = typed.split(/\s+/).filter((word) => word !== '');
  return {
    tags: toTags(words.filter((word) => word.startsWith('#'))),
    text: words.filter((word) => !word.startsWith('#')).join(' '),
  };
}

/** The typed text with a tag in it, or without it where it was there. */
export function toggleTag(typed: string, tag: string): string {
  const { tags, text } = parseSearch(typed);
  const others = tags.filter((one) => one !== tag);
  const now = others.length === tags.length ? [...tags, tag] : others;
  return [...now.map((one) => `#${one}`), text].filter((part) => part !== '').join(' ');
}

/** The query that the storage answers. Nothing where everything is asked for. */
export function toQuery({ tags, text }: SearchWords): StorageQuery | undefined {
  if (tags.length === 0 && text === '') return undefined;
  return {
    prefix: NOTES_PREFIX,
    metadata: { isNote: true },
    ...(tags.length > 0 && { tags }),
    // The texts themselves are looked through, which reads each note once.
    ...(text !== '' && { text, textIn: ['tags', 'value'], scan: true }),
  };
}
