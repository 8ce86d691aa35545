const ANSWER_MS = 30_000;

/**
 * Whether a MinIO serves the requests of the user that the URL names. Its own /minio/health/ready says yes too early:
 * while it still reads its users, it answers signed requests with 503.
 */
export async function minioAnswers(url: string): Promise<boolean> {
  // Loaded when it is needed: every test file loads this package, and few start a MinIO.
  const { Client } = await import('minio');
  const { hostname, port, username, password, protocol } = new URL(url);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === 'https:',
    accessKey: decodeURIComponent(username),
    secretKey: decodeURIComponent(password),
    region: 'us-east-1', // else it asks the server, and retries
  });
  const signed = await client.presignedGetObject('no-such-bucket', 'no-such-object', 60);
  return fetch(signed, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (reply) => reply.status === 404 && reply.headers.get('server') === 'MinIO',
    () => false,
  );
}
