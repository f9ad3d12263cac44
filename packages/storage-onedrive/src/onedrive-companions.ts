// In a module of its own, which is loaded with the first operation that needs it.
export { readCompanion, selectAttributes, withCompanion } from '@granary/storage-core/provider';
