export { type AcmeOptions, createAcme } from './acme-provider.ts';
