import type { Note } from '../notes/note.ts';
import { planShare, shareText } from '../notes/share-plan.ts';
import { offerDownload } from './element.ts';
import type { Notices } from './notices.ts';

/** What is needed of `navigator` to share. */
export type ShareNavigator = Partial<Pick<Navigator, 'share' | 'canShare' | 'clipboard'>>;

/** Shares a note the best way that this browser has, and says which. */
export async function shareNote(
  note: Note,
  files: readonly File[],
  navigator: ShareNavigator,
  notices: Notices,
): Promise<void> {
  const plan = planShare(note, files, {
    canShare: (data) =>
      navigator.share !== undefined && (navigator.canShare?.(data) ?? data.files === undefined),
    hasClipboard: navigator.clipboard !== undefined,
  });
  const save = (text: string, name: string) => {
    offerDownload(new Blob([text], { type: 'text/markdown' }), name);
    notices.tell(`This browser cannot share. The note was downloaded as “${name}”.`);
  };
  try {
    switch (plan.by) {
      case 'share':
        await navigator.share?.(plan.data);
        break;
      case 'clipboard':
        await navigator.clipboard?.writeText(plan.text);
        notices.tell('This browser cannot share. The note was copied.');
        break;
      case 'download':
        save(plan.text, plan.fileName);
        break;
    }
  } catch (error) {
    // Closing the sheet of the system is no failure.
    if (error instanceof DOMException && error.name === 'AbortError') return;
    if (plan.by === 'clipboard') save(shareText(note), 'note.md');
    else notices.fail('share this note', error);
  }
}
