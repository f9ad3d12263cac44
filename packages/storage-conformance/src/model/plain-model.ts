/** An object as the model holds it. */
export interface ModelObject {
  readonly content: Uint8Array;
  /** The only metadata that the operations give. */
  readonly n: number | undefined;
  /** What the provider said. */
  readonly etag: string;
}

/** What a store should hold: the simplest thing that could be right. */
export interface PlainModel {
  readonly objects: Map<string, ModelObject>;
  /** Etags of writes that were replaced or deleted, by key. */
  readonly stale: Map<string, string>;
}

export function plainModel(): PlainModel {
  return { objects: new Map(), stale: new Map() };
}

/** Keeps a write. */
export function keep({ objects, stale }: PlainModel, key: string, object: ModelObject): void {
  const before = objects.get(key);
  if (before !== undefined && before.etag !== object.etag) stale.set(key, before.etag);
  objects.set(key, object);
}

/** Forgets an object. */
export function forget({ objects, stale }: PlainModel, key: string): void {
  const before = objects.get(key);
  if (before !== undefined) stale.set(key, before.etag);
  objects.delete(key);
}
