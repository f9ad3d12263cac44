/** Headers by the vendor's hosts; `undefined` takes one away. */
export type HostHeaders = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

/** What stands between a client that speaks to a vendor by its own names, and a fake. */
export interface VendorNames {
  /** The vendor's hosts, with what the fake is told besides of each. */
  readonly hosts: HostHeaders;
  /** Puts the vendor's addresses into an answer, in the place of those that the fake made of its name. */
  rename(text: string): string;
  /** Makes of a JSON body what the fake takes for it. */
  amend(path: string, text: string): string;
  /** Makes of a method what the fake takes for it. */
  methodOf(method: string, url: string): string;
}

/** Where work accounts have content, which is not where the Graph is. */
const CONTENT_HOST = 'fake-my.sharepoint.com';

const AS_IT_IS: Pick<VendorNames, 'rename' | 'amend' | 'methodOf'> = {
  rename: (text) => text,
  amend: (_, text) => text,
  methodOf: (method) => method,
};

export const googleNames: VendorNames = {
  ...AS_IT_IS,
  hosts: { 'www.googleapis.com': {} },
  rename: (text) => text.replaceAll('http://www.googleapis.com', 'https://www.googleapis.com'),
  // rclone 1.60 posts the parts of an upload in a session, which is documented as PUT.
  methodOf: (method, url) => (url.includes('upload_id=') ? 'PUT' : method),
};

export const microsoftNames: VendorNames = {
  ...AS_IT_IS,
  // rclone 1.60 sends on what it sent to the Graph, of which the fake wants nothing with content.
  hosts: {
    'graph.microsoft.com': {},
    [CONTENT_HOST]: { authorization: undefined, referer: undefined },
  },
  rename: (text) =>
    text
      .replace(/http:\/\/graph\.microsoft\.com\/(dl|up)\//g, `https://${CONTENT_HOST}/$1/`)
      .replaceAll('http://graph.microsoft.com', 'https://graph.microsoft.com'),
  // rclone 1.60 writes over files in sessions without saying so, which the fake takes for `fail`, as it is documented.
  amend(path, text) {
    if (!path.endsWith('/createUploadSession') || text.includes('conflictBehavior')) return text;
    const { item, ...rest } = JSON.parse(text) as { readonly item?: object };
    return JSON.stringify({
      ...rest,
      item: { ...item, '@microsoft.graph.conflictBehavior': 'replace' },
    });
  },
};

export const dropboxNames: VendorNames = {
  ...AS_IT_IS,
  hosts: {
    'api.dropboxapi.com': { 'x-fake-host': 'api' },
    'content.dropboxapi.com': { 'x-fake-host': 'content' },
    'notify.dropboxapi.com': { 'x-fake-host': 'notify' },
  },
  // rclone 1.60 has two slashes there when its remote has no folder.
  amend: (_, text) => text.replace('"path":"//', '"path":"/'),
};
