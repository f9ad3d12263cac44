import type { ObjectAttributes, ObjectInfo, PutOptions } from '@granary/storage-core/provider';
import { equal } from './check.ts';

/** A moment that no test lives to see. */
export const FAR: Date = new Date(4_102_444_800_000);

/** Every attribute that a writer can give. */
export const EVERYTHING: Required<ObjectAttributes> = {
  contentType: 'image/png',
  contentEncoding: 'br',
  contentLanguage: 'de, en',
  contentDisposition: 'attachment; filename="a b.png"',
  cacheControl: 'public, max-age=31536000, immutable',
  metadata: { title: 'Ä title', count: 3 },
  tags: ['red', 'blue green'],
  expiresAt: FAR,
};

/** The name of an attribute. */
export type Field = keyof ObjectAttributes;

export const FIELDS: readonly Field[] = Object.keys(EVERYTHING) as readonly Field[];

/** Checks that an info has these attributes and no others. */
export function hasAttributes(info: ObjectInfo, wanted: PutOptions, what: string): void {
  for (const field of FIELDS) equal(info[field], wanted[field], `${field} ${what}`);
}
