import { startMinio, startRabbitMq, startTestPostgres } from '@lazyphotos/testkit';
import type { Infrastructure } from './six-processes.js';

/** Real servers of the test's own. */
export async function startInfrastructure() {
  const [postgres, rabbitMq, minio] = await Promise.all([startTestPostgres(), startRabbitMq(), startMinio()]);
  const addresses: Infrastructure = {
    postgresUrl: postgres.url,
    busUrl: rabbitMq.url,
    busApiUrl: rabbitMq.apiUrl,
    s3: minio,
  };
  return {
    postgres,
    rabbitMq,
    minio,
    addresses,
    stop: async () => {
      await Promise.all([postgres.stop(), rabbitMq.stop(), minio.stop()]);
    },
  };
}
export type TestInfrastructure = Awaited<ReturnType<typeof startInfrastructure>>;
