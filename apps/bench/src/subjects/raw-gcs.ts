import { Storage } from '@google-cloud/storage';
import { fact, type ServerFacts } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import { PAGE_KEYS } from './bucket-calls.ts';
import type { BucketSite } from './object-store.ts';

/** Where the SDK gets access tokens, which the fake has at an address of its own. */
const TOKEN_ORIGIN = 'https://oauth2.googleapis.com';

/** A client of the fake, with the SDK's own settings but for where it gets its tokens. */
export function gcsClient(facts: ServerFacts): Storage {
  const apiEndpoint = fact(facts, 'url');
  const fetchImplementation: typeof fetch = (input, init) =>
    fetch(String(input).replace(TOKEN_ORIGIN, apiEndpoint), init);
  return new Storage({
    apiEndpoint,
    useAuthWithCustomEndpoint: true,
    projectId: fact(facts, 'projectId'),
    credentials: {
      client_email: fact(facts, 'clientEmail'),
      private_key: fact(facts, 'privateKey'),
    },
    clientOptions: { transporterOptions: { fetchImplementation } },
  });
}

/** What a careful user of the SDK writes, and no more. */
export function openRawGcs(site: BucketSite): Store {
  const bucket = gcsClient(site.facts).bucket(site.bucket);
  return {
    // One request: a session that could be resumed takes two.
    put: (key, bytes) => bucket.file(key).save(bytes, { resumable: false }),
    async get(key) {
      const [bytes] = await bucket.file(key).download();
      return bytes;
    },
    delete: (key) => bucket.file(key).delete(),
    async stat(key) {
      const [{ size }] = await bucket.file(key).getMetadata();
      return Number(size);
    },
    async list(visit) {
      const [files] = await bucket.getFiles();
      for (const { name } of files) visit(name);
    },
    async firstPage(limit) {
      const [files] = await bucket.getFiles({ autoPaginate: false, maxResults: PAGE_KEYS });
      return Math.min(files.length, limit);
    },
  };
}

/** Makes a bucket. */
export async function makeGcsBucket(site: BucketSite): Promise<void> {
  await gcsClient(site.facts).bucket(site.bucket).create();
}

/** Removes a bucket with all that is in it. */
export async function removeGcsBucket(site: BucketSite): Promise<void> {
  const bucket = gcsClient(site.facts).bucket(site.bucket);
  await bucket.deleteFiles();
  await bucket.delete();
}
