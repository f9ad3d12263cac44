export { type AzureService, startAzure } from './start-azure.ts';
export { type ClamdService, startClamd } from './start-clamd.ts';
export { type S3Service, type ServiceOptions, startS3 } from './start-s3.ts';
export { type SecretService, startSecretService } from './start-secret-service.ts';
