/** Trouble that the fake makes: the conformance kit's names. */
export type FakeFault =
  | 'unavailable'
  | 'second-page'
  | 'ignore-range'
  | 'cut-body'
  | 'last-step-of-write'
  | 'lost-reply';

/** Calls that change what readers see. */
const COMMITS: ReadonlySet<string> = new Set([
  'files/upload',
  'files/upload_session/finish',
  'files/copy_v2',
  'files/move_v2',
  'files/delete_v2',
  'files/delete_batch',
  'files/permanently_delete',
  'files/restore',
  'files/create_folder_v2',
]);

/** Whether the call changes what readers see. */
export function isCommit(name: string): boolean {
  return COMMITS.has(name);
}

/** Whether the fault refuses the call with 503. */
export function isRefusedBy(fault: FakeFault | undefined, name: string): boolean {
  if (fault === 'unavailable') return true;
  if (fault === 'second-page') return name === 'files/list_folder/continue';
  return fault === 'last-step-of-write' && isCommit(name);
}
