import type { Note } from './note.ts';

/** What this browser can share by. */
export interface ShareAbilities {
  /** `navigator.share` is there. */
  readonly canShare: (data: { readonly text?: string; readonly files?: File[] }) => boolean;
  readonly hasClipboard: boolean;
}

/** How a note leaves: with its files, as text, by the clipboard, or as a file. */
export type SharePlan =
  | { readonly by: 'share'; readonly data: { title: string; text: string; files?: File[] } }
  | { readonly by: 'clipboard'; readonly text: string }
  | { readonly by: 'download'; readonly text: string; readonly fileName: string };

/** Chooses the best way that there is. `leftOut` files could not be taken along. */
export function planShare(
  note: Note,
  files: readonly File[],
  { canShare, hasClipboard }: ShareAbilities,
): SharePlan {
  const text = shareText(note);
  const title = note.title === '' ? 'Note' : note.title;
  const data = { title, text, files: [...files] };
  if (files.length > 0 && canShare(data)) return { by: 'share', data };
  if (canShare({ text })) return { by: 'share', data: { title, text } };
  if (hasClipboard) return { by: 'clipboard', text };
  return { by: 'download', text, fileName: `${fileNameOf(title)}.md` };
}

/** A note as somebody reads it elsewhere. */
export function shareText({ title, text, tags }: Note): string {
  const marks = tags.map((tag) => `#${tag}`).join(' ');
  return [title, text, marks].filter((part) => part.trim() !== '').join('\n\n');
}

function fileNameOf(title: string): string {
  return (
    title
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 60) || 'note'
  );
}
