/** So much of PouchDB as the benchmark uses: https://pouchdb.com/api.html (read 2026-11-21). */
declare module 'pouchdb-browser' {
  interface Removed {
    readonly _id: string;
    readonly _rev: string;
    readonly _deleted: true;
  }
  interface Rows {
    readonly rows: readonly { readonly id: string; readonly value: { readonly rev: string } }[];
  }
  export default class PouchDB<Stored> {
    constructor(name: string, options?: { readonly auto_compaction?: boolean });
    info(): Promise<unknown>;
    get(id: string): Promise<Stored & { readonly _rev: string }>;
    put(stored: Stored): Promise<unknown>;
    remove(stored: Stored & { readonly _rev: string }): Promise<unknown>;
    bulkDocs(
      stored: readonly (Stored | Removed)[],
    ): Promise<readonly { readonly error?: unknown }[]>;
    allDocs(options?: {
      readonly include_docs?: boolean;
      readonly keys?: readonly string[];
    }): Promise<Rows>;
    destroy(): Promise<void>;
  }
}
