import type { Capabilities, ListField } from '../../contract/capabilities.ts';
import type { CandidateQuery, StorageQuery } from '../../contract/listing.ts';

/** How a scan learns what the query looks at. */
export interface ScanPlan {
  /** The provider's index is asked in the place of the listing. */
  readonly candidates: boolean;
  /** The listing is asked for attributes. */
  readonly include: boolean;
  /** Every key is asked for by `stat`. */
  readonly stats: boolean;
  /** What only a request per key can tell. */
  readonly perKey: string | undefined;
}

/** What `include: ['attributes']` brings. */
const ATTRIBUTES: readonly ListField[] = ['contentType', 'metadata', 'tags', 'expiresAt'];

/** What an index can know about. */
export const NARROWING: readonly Exclude<keyof CandidateQuery, 'prefix' | 'startAfter'>[] = [
  'tags',
  'anyTags',
  'metadata',
  'contentType',
  'size',
  'modifiedAt',
  'createdAt',
];

/** The cheapest way to learn all that a query looks at. Attributes of a store that keeps none are known. */
export function planScan(capabilities: Capabilities, query: StorageQuery): ScanPlan {
  const { attributes = 'none', listFields = [], listAttributes = false } = capabilities;
  const unknown = [...fieldsOf(query)].filter(
    (field) =>
      !listFields.includes(field) && !(attributes === 'none' && ATTRIBUTES.includes(field)),
  );
  const rest = listAttributes ? unknown.filter((field) => !ATTRIBUTES.includes(field)) : unknown;
  const candidates = capabilities.candidates === true && isNarrow(query);
  const readsValues = query.text !== undefined && query.textIn?.includes('value') === true;
  const missing = candidates ? [] : rest;
  return {
    candidates,
    include: !candidates && listAttributes && unknown.length > 0 && rest.length === 0,
    stats: missing.length > 0,
    perKey: missing[0] ?? (readsValues ? 'text in values' : undefined),
  };
}

/** Whether an index can leave anything out. */
function isNarrow(query: StorageQuery): boolean {
  return NARROWING.some((field) => query[field] !== undefined);
}

function fieldsOf(query: StorageQuery): ReadonlySet<ListField> {
  const { sort, text, textIn = ['key', 'tags', 'metadata'] } = query;
  const fields = new Set<ListField>();
  for (const field of ['contentType', 'size', 'modifiedAt', 'createdAt', 'metadata'] as const) {
    if (query[field] !== undefined) fields.add(field);
  }
  if (query.tags !== undefined || query.anyTags !== undefined) fields.add('tags');
  if (text !== undefined && textIn.includes('tags')) fields.add('tags');
  if (text !== undefined && textIn.includes('metadata')) fields.add('metadata');
  if (sort !== undefined && sort.by !== 'key') {
    fields.add(sort.by.startsWith('metadata.') ? 'metadata' : (sort.by as ListField));
  }
  return fields;
}
