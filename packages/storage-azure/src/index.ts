export type { AzureTokenCredential } from './azure-client.ts';
export type { AzureNativeOptions } from './azure-native.ts';
export { type AzureOptions, createAzure } from './azure-provider.ts';
