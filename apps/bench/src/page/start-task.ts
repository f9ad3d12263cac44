import { streamSubjects } from '../subjects/browser-streams.ts';
import {
  idbSaveSubjects,
  localStorageSubjects,
  opfsSubjects,
} from '../subjects/browser-subjects.ts';
import { coldSession } from './cold-session.ts';
import { itemsSession } from './items-session.ts';
import type { NoteHome, PageTask } from './page-protocol.ts';
import type { PageSession } from './page-session.ts';
import type { PageSubject } from './page-store.ts';
import { savesSession } from './saves-session.ts';
import { smallSession } from './small-session.ts';
import { streamSession } from './stream-session.ts';

const NOTE_SUBJECTS: Readonly<Record<NoteHome, readonly PageSubject[]>> = {
  IndexedDB: idbSaveSubjects,
  OPFS: opfsSubjects,
  localStorage: localStorageSubjects,
};

/** Makes the session of a task. Errors: a `TypeError` for a subject that is not there. */
export function startTask(task: PageTask): PageSession {
  const noteStore = (home: NoteHome) => byId(NOTE_SUBJECTS[home], task.subject).open;
  switch (task.kind) {
    case 'saves':
      return savesSession(noteStore(task.home), task.saves);
    case 'items':
      return itemsSession(noteStore(task.home), task.counts);
    case 'small':
      return smallSession(noteStore(task.home), task.counts);
    case 'cold':
      return coldSession(noteStore(task.home), task.counts);
    case 'stream':
      return streamSession(byId(streamSubjects, task.subject).openStream, task);
  }
}

function byId<Kind extends { readonly id: string }>(subjects: readonly Kind[], id: string): Kind {
  const found = subjects.find((subject) => subject.id === id);
  if (found === undefined) throw new TypeError(`There is no subject "${id}" in the page.`);
  return found;
}
