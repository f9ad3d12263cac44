import type { StorageEngine } from '@granary/storage-core';
import type { ServerFacts } from '../harness/servers.ts';
import type { OpenableSubject, Store, Subject } from '../harness/subject.ts';

/** A bucket that a subject has for itself, or reads with others. */
export interface BucketSite {
  /** What a client of the server has to know. */
  readonly facts: ServerFacts;
  readonly bucket: string;
}

/** A subject that keeps objects in a bucket of an object store. */
export interface BucketSubject extends OpenableSubject<BucketSite> {
  /** It has no reading of its own, so that only its writes are measured. Default: false. */
  readonly putsOnly?: boolean;
}

/** A storage that an application on a server would keep its items in. */
export interface CloudSubject extends Subject {
  openStorage(site: BucketSite): Promise<StorageEngine>;
}

/** An object store that subjects are measured against. */
export interface ObjectService {
  /** Name of its server. */
  readonly server: string;
  /** How tables call it. */
  readonly title: string;
  /** Makes an empty bucket. */
  makeBucket(site: BucketSite): Promise<void>;
  /** Opens a bucket with the bare SDK. */
  openRaw(site: BucketSite): Promise<Store>;
  /** Removes a bucket with all that is in it. */
  removeBucket(site: BucketSite): Promise<void>;
}
