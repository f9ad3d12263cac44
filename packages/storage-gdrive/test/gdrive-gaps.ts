/** What the service itself does another way than the contract, by scenario. */
export const SERVICE_GAPS: Readonly<Record<string, string>> = {
  'VER-2 reads attributes of an old version':
    'properties belong to the file and not to its revisions (https://developers.google.com/workspace/drive/api/reference/rest/v3/revisions)',
};
