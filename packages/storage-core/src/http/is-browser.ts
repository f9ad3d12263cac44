/** Whether a page or a page's worker runs this, where everybody can read what the program holds. */
export function isBrowser(scope: object = globalThis): boolean {
  return 'document' in scope || 'importScripts' in scope;
}
