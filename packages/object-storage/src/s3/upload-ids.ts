import { randomBytes } from 'node:crypto';

/**
 * An upload's id as the port has it: S3's own, and the mark that its object will carry. S3 forgets an id with the upload; only
 * the mark tells later that the object came from this one. The ids of a listing, which are to be aborted, have none.
 */
export interface UploadId {
  id: string;
  mark?: string | undefined;
}

export function newMark(): string {
  return randomBytes(16).toString('hex');
}

export function formatUploadId({ id, mark }: Required<UploadId>): string {
  return `${id}#${mark}`;
}

export function parseUploadId(uploadId: string): UploadId {
  const end = uploadId.lastIndexOf('#');
  return end < 0 ? { id: uploadId } : { id: uploadId.slice(0, end), mark: uploadId.slice(end + 1) };
}
