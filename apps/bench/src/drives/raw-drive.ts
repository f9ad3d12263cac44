import { defineSubject } from '../harness/subject.ts';
import type { DriveService } from './drive-services.ts';
import type { DriveSubject } from './drive-store.ts';

/** The official SDK of a service, used plainly. */
export function rawDrive({ id, sdk, openRaw }: DriveService): DriveSubject {
  return defineSubject({ id: `raw-${id}`, kind: 'raw', ...sdk, open: openRaw });
}
