// In a module of its own, which is loaded with the first operation that needs it.
export { withCompanion } from '@granary/storage-core/provider';
