export { createLocalStorage, type LocalStorageOptions } from './localstorage-provider.ts';
