import { afterAll } from '@jest/globals';
import { describeWithMinio } from '@lazyphotos/testkit';
import { describeObjectStore } from './conformance/index.js';
import { type S3Server, startS3 } from './s3-server.js';

describeWithMinio('with a MinIO', () => {
  let server: S3Server | undefined;
  afterAll(() => server?.stop());

  describeObjectStore('the S3 store', {
    create: async () => {
      server = await startS3();
      return server.open();
    },
    again: async () => {
      if (!server) throw new Error('the server was not started');
      return server.open();
    },
    unsupported: {
      'change-notices': 'other processes change the bucket, too',
    },
  });
});
