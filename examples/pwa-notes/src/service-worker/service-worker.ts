import type { PageFile } from './file-cache.ts';
import { serveFiles } from './serve-files.ts';

declare const self: ServiceWorkerGlobalScope;

/** Written by the build: all files of the page. */
declare const PAGE_FILES: readonly PageFile[];
declare const PAGE_VERSION: string;

serveFiles(self, { files: PAGE_FILES, version: PAGE_VERSION });
