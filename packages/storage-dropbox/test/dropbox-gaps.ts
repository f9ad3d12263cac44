/**
 * What the service itself does another way than the contract, by scenario. No route deletes one revision:
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21.
 */
export const VERSION_GAPS: Readonly<Record<string, string>> = {
  'VER-2 fails with not-found for a version that does not exist':
    'the scenario deletes one version, and the service deletes none alone',
  'VER-3 fails with not-found to restore a version that does not exist':
    'the scenario deletes one version, and the service deletes none alone',
  'VER-3 deletes one version alone': 'the service deletes no version alone',
};
