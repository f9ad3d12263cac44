import type { Entry, StoredFile } from './dropbox-state.ts';
import { lowerOf, nameOf } from './paths.ts';

/** A file or folder as answers have it. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `Metadata` */
export function metadataOf(entry: Entry): Record<string, unknown> {
  return { '.tag': entry.kind, ...untagged(entry) };
}

/** The same where the type is known, so that there is no tag. */
export function untagged(entry: Entry): Record<string, unknown> {
  const names = {
    name: nameOf(entry.path),
    path_lower: lowerOf(entry.path),
    path_display: entry.path,
    id: entry.id,
  };
  return entry.kind === 'folder' ? names : { ...names, ...fileFields(entry) };
}

/** What is told of what is gone. */
export function deletedMetadata(path: string): Record<string, unknown> {
  return {
    '.tag': 'deleted',
    name: nameOf(path),
    path_lower: lowerOf(path),
    path_display: path,
  };
}

/** A time as the API writes it. */
export function timestamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function fileFields(file: StoredFile): Record<string, unknown> {
  return {
    client_modified: timestamp(file.clientModified),
    server_modified: timestamp(file.serverModified),
    rev: file.rev,
    size: file.content.length,
    is_downloadable: file.isDownloadable,
    ...(file.isDownloadable
      ? { content_hash: file.hash }
      : { export_info: { export_as: 'html', export_options: ['html', 'markdown'] } }),
  };
}
