/**
 * What the service itself does another way than the contract, by scenario. Versions are below an item
 * alone, and one that was deleted is found by no path and by no list:
 * https://learn.microsoft.com/graph/api/driveitem-list-versions and
 * https://learn.microsoft.com/graph/api/driveitem-restore, read 2026-11-21.
 */
export const VERSION_GAPS: Readonly<Record<string, string>> = {
  'VER-3 keeps the versions of an object that is deleted, and restores one':
    'they are in the recycle bin with their object, which the API does not let in',
};
