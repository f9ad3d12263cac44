export { asOperation } from '@granary/storage-core/provider';
