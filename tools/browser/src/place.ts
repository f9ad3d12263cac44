/** Where in a tab the module under test runs. */
export type Place = 'page' | 'worker' | 'shared-worker' | 'service-worker';
