import type { NoteCollection } from '../notes/note-collection.ts';
import type { BatchReport, NotesStore } from '../notes/notes-store.ts';
import { sampleNotes } from '../notes/sample-notes.ts';
import { exportParts, parseExport, planImport } from '../notes/transfer.ts';
import { countText } from '../notes/wording.ts';
import { offerDownload } from './element.ts';

type Say = (words: string) => void;

/** What is done with many notes at once. Each resolves to what it did, in words. */
export interface NoteMover {
  addSamples(say: Say): Promise<string>;
  exportAll(say: Say): Promise<string>;
  importFile(file: File, say: Say): Promise<string>;
}

/** What {@link moveNotes} works by. */
export interface MoveNotesOptions {
  readonly store: NotesStore;
  readonly notes: NoteCollection;
  readonly now: () => Date;
  /** Reads the list anew. */
  readonly reload: () => Promise<void>;
}

/** How many samples there are. */
const SAMPLES = 10_000;

/** Makes what moves many notes. */
export function moveNotes({ store, notes, now, reload }: MoveNotesOptions): NoteMover {
  /** What was saved before an error is shown, and the error is told. */
  async function shown(report: BatchReport): Promise<BatchReport> {
    await reload();
    if (report.error !== undefined) throw report.error;
    return report;
  }

  return {
    async addSamples(say) {
      const samples = sampleNotes(SAMPLES, now());
      const startedAt = performance.now();
      const report = await store.saveMany(samples, (done) =>
        say(`Saving, ${countText(done, 'note')} so far…`),
      );
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      await shown(report);
      return `${countText(report.saved, 'note')} saved in ${seconds} s.`;
    },

    async exportAll(say) {
      const parts: string[] = [];
      let count = 0;
      async function* counted() {
        for await (const page of store.readAll()) {
          count += page.length;
          say(`Reading, ${countText(count, 'note')} so far…`);
          yield page;
        }
      }
      for await (const part of exportParts(counted(), now())) parts.push(part);
      const day = now().toISOString().slice(0, 10);
      offerDownload(new Blob(parts, { type: 'application/json' }), `notes-${day}.json`);
      return `${countText(count, 'note')} exported.`;
    },

    async importFile(file, say) {
      const plan = planImport(parseExport(await file.text()), notes.get);
      const wanted = [...plan.added, ...plan.updated];
      const report = await store.saveMany(wanted, (done) =>
        say(`Saving, ${countText(done, 'note')} so far…`),
      );
      await shown(report);
      const { added, updated, unchanged } = plan;
      return `${countText(added.length, 'note')} added, ${updated.length} updated, ${unchanged} were here already.`;
    },
  };
}
