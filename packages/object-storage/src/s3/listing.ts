import { ListMultipartUploadsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { checkPrefix } from '../keys.js';
import type { ObjectInfo, UploadUnderWay } from '../port.js';
import type { Bucket } from './client.js';
import { storing } from './faults.js';
import { toInfo } from './headers.js';
import type { Objects } from './objects.js';

/** Objects asked about at a time: a listing tells neither their type nor their metadata. */
const LOOK_AHEAD = 16;

/** One page of keys is in memory at a time. Objects that are deleted in the meantime are left out. */
export async function* listObjects(
  { client, bucket, timeouts }: Bucket,
  objects: Objects,
  prefix: string,
): AsyncGenerator<ObjectInfo> {
  checkPrefix(prefix);
  const quick = { requestTimeout: timeouts.answerMs };
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }, quick);
  for (;;) {
    const { value: page, done } = await storing('list objects', () => pages.next());
    if (done) return;
    const keys = (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    for (let at = 0; at < keys.length; at += LOOK_AHEAD) {
      const some = keys.slice(at, at + LOOK_AHEAD);
      const found = await Promise.all(some.map(async (key) => ({ key, headers: await objects.find(key) })));
      for (const { key, headers } of found) if (headers) yield toInfo(key, headers);
    }
  }
}

/** All uploads are asked for, whatever the prefix: MinIO takes a prefix for a whole key. */
export async function* listUploads(
  { client, bucket, timeouts }: Bucket,
  prefix: string,
): AsyncGenerator<UploadUnderWay> {
  checkPrefix(prefix);
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, ...marker });
    const page = await storing('list uploads', () =>
      client.send(command, { requestTimeout: timeouts.answerMs }),
    );
    for (const { Key: key, UploadId: uploadId, Initiated: begunAt } of page.Uploads ?? []) {
      if (key?.startsWith(prefix) && uploadId && begunAt) yield { key, uploadId, begunAt };
    }
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
