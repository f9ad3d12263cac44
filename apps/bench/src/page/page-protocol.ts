import type { PageItemCounts } from './items-session.ts';
import type { Saves } from './saves-session.ts';

/** Where notes are kept, which says whose subjects are meant. */
export type NoteHome = 'IndexedDB' | 'OPFS' | 'localStorage';

/** What a page is for: one subject of one workload. */
export type PageTask =
  | {
      readonly kind: 'saves';
      readonly home: NoteHome;
      readonly subject: string;
      readonly saves: Saves;
    }
  | {
      readonly kind: 'items';
      readonly home: NoteHome;
      readonly subject: string;
      readonly counts: PageItemCounts;
    }
  | {
      readonly kind: 'small' | 'cold';
      readonly home: NoteHome;
      readonly subject: string;
      readonly counts: { readonly items: number };
    }
  | { readonly kind: 'stream'; readonly subject: string; readonly sizeBytes: number };

/** What a page is asked, one call after the other. */
export type PageCall =
  | { readonly call: 'start'; readonly task: PageTask }
  | { readonly call: 'verify' }
  /** Collects garbage. */
  | { readonly call: 'rest' }
  | { readonly call: 'run'; readonly round: number; readonly part: string }
  | { readonly call: 'close' };

/** What it answers. */
export type PageReply = { readonly value?: unknown } | { readonly error: string };
