import type { FileSystemOptions } from '../../src/fs-options.ts';

/** What a writer does until it is killed. */
export type Work = 'put' | 'stream' | 'copy' | 'move' | 'attributes' | 'upload' | 'in-place';

export interface CrashSettings extends FileSystemOptions {
  readonly baseDir: string;
  readonly journal: string;
  readonly work: Work;
  readonly lanes: number;
  /** Versions begin after this one. */
  readonly after: number;
  /** Ends the process before its system call of this number. Default: the test ends it. */
  readonly killAtCall?: number | undefined;
}

/** Units: bytes. */
export const LARGE: number = 768 * 1024;
export const PARTS: number = 4;

/** Some objects have metadata, some have none, so that companions come and go. */
export function attributesOf(version: number): { metadata?: { version: number } } {
  return version % 3 === 0 ? {} : { metadata: { version } };
}
