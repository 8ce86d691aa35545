const ANSWER_MS = 5_000;

/** Whether a MinIO at this address serves requests. */
export async function minioIsReady(address: string): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return fetch(`${address}/minio/health/ready`, { signal }).then(
    (reply) => reply.ok,
    () => false,
  );
}
