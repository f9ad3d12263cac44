import type { Durability, Subject } from '../harness/subject.ts';
import type { NoteItem } from './note.ts';

/** The operations that workloads measure in a page, each in the way that the subject's own manual shows. */
export interface PageStore {
  /** New, or over another. */
  save(item: NoteItem): Promise<unknown>;
  /** The value alone. Rejects, or gives nothing, where there is none. */
  load(key: string): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Saves all in as few calls as the subject makes of it. */
  saveMany(items: readonly NoteItem[]): Promise<unknown>;
  /** The same, all or nothing. */
  saveAtomic?(items: readonly NoteItem[]): Promise<unknown>;
  deleteMany(keys: readonly string[]): Promise<unknown>;
  /** The keys of all, from a listing that has what is known of each: its attributes, or the whole document. */
  list?(): Promise<readonly string[]>;
  /** The keys of all, and nothing else. */
  keys?(): Promise<readonly string[]>;
  /** The keys of those that have a tag, by the subject's own search. */
  withTag?(tag: string): Promise<readonly string[]>;
  /** The keys of those whose metadata name an author. */
  byAuthor?(author: string): Promise<readonly string[]>;
  /** Closes it and deletes all that it holds. */
  remove(): Promise<unknown>;
}

/** Large content of one subject in a page. */
export interface PageStream {
  write(key: string, source: ReadableStream<Uint8Array>, sizeBytes: number): Promise<unknown>;
  read(key: string): Promise<ReadableStream<Uint8Array>>;
  delete(key: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A subject that keeps notes in a browser. */
export interface PageSubject extends Subject {
  /** It keeps in memory what it has read, and does not look whether the store has changed. Default: false. */
  readonly readsFromMemory?: boolean;
  readonly durability?: Durability;
  /** Opens a store of that name, in the page: nothing of it is loaded before. */
  open(name: string): Promise<PageStore>;
}

/** A subject that keeps large content in a browser. */
export interface StreamSubject extends Subject {
  readonly durability: Durability;
  /** Only subjects over the same part of the browser, and of one class, are compared. */
  readonly over: 'IndexedDB' | 'OPFS';
  openStream(name: string): Promise<PageStream>;
}
