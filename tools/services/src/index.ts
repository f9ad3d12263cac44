export { type AzureService, startAzure } from './start-azure.ts';
export { type S3Service, type ServiceOptions, startS3 } from './start-s3.ts';
