import { describeFaults } from '@granary/storage-conformance/vitest';
import { inject } from 'vitest';
import { createS3 } from '../src/index.ts';
import { freshBucket, radosgwClient } from './radosgw.ts';

describeFaults({
  name: 's3 over radosgw',
  target: () => inject('s3').endpoint,
  async open({ url, retry }) {
    const maker = radosgwClient();
    const bucket = await freshBucket(maker);
    maker.destroy();
    const { region, accessKeyId, secretAccessKey } = inject('s3');
    return {
      provider: createS3.provider({
        bucket,
        endpoint: url,
        region,
        accessKeyId,
        secretAccessKey,
        versions: false,
        conditions: ['createIfAbsent'],
        retry,
      }),
    };
  },
});
