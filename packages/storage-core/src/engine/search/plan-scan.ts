import type { Capabilities, ListField } from '../../contract/capabilities.ts';
import type { StorageQuery } from '../../contract/listing.ts';

/** How a scan learns what the query looks at. */
export interface ScanPlan {
  /** The listing is asked for attributes. */
  readonly include: boolean;
  /** Every key is asked for by `stat`. */
  readonly stats: boolean;
  /** What only a request per key can tell. */
  readonly perKey: string | undefined;
}

/** What `include: ['attributes']` brings. */
const ATTRIBUTES: readonly ListField[] = ['contentType', 'metadata', 'tags', 'expiresAt'];

/** The cheapest way to learn all that a query looks at. Attributes of a store that keeps none are known. */
export function planScan(capabilities: Capabilities, query: StorageQuery): ScanPlan {
  const { attributes = 'none', listFields = [], listAttributes = false } = capabilities;
  const unknown = [...fieldsOf(query)].filter(
    (field) =>
      !listFields.includes(field) && !(attributes === 'none' && ATTRIBUTES.includes(field)),
  );
  const rest = listAttributes ? unknown.filter((field) => !ATTRIBUTES.includes(field)) : unknown;
  const readsValues = query.text !== undefined && query.textIn?.includes('value') === true;
  return {
    include: listAttributes && unknown.length > 0 && rest.length === 0,
    stats: rest.length > 0,
    perKey: rest[0] ?? (readsValues ? 'text in values' : undefined),
  };
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
