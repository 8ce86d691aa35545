import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { checkKey } from '../keys.js';
import type { PresignedUrls } from '../port.js';
import { storing } from './faults.js';

export function createPresigning(signer: S3Client, bucket: string): PresignedUrls {
  return {
    async presignedGet(key, { expiresInSeconds, contentDisposition, contentType, cacheControl }) {
      checkKey(key);
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(contentDisposition !== undefined && { ResponseContentDisposition: contentDisposition }),
        ...(contentType !== undefined && { ResponseContentType: contentType }),
        ...(cacheControl !== undefined && { ResponseCacheControl: cacheControl }),
      });
      return storing('sign a URL', () => getSignedUrl(signer, command, { expiresIn: expiresInSeconds }));
    },
  };
}
