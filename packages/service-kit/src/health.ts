/** A dependency that must answer for the service to be ready: rejects when it does not. */
export type ReadinessCheck = () => Promise<unknown>;

export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, 'ok' | 'failed'>;
}

const CHECK_TIMEOUT_MS = 3000;

async function withTimeout(check: ReadinessCheck): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), CHECK_TIMEOUT_MS);
  });
  await Promise.race([Promise.resolve().then(check), timeout]).finally(() => clearTimeout(timer));
}

/** Runs every check at once; none may take longer than three seconds. */
export async function readinessOf(checks: Record<string, ReadinessCheck>): Promise<ReadinessReport> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const result = await withTimeout(check).then(
        () => 'ok' as const,
        () => 'failed' as const,
      );
      return [name, result] as const;
    }),
  );
  return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
}

/**
 * Asks for the readiness of a service. Whoever asks while an answer is on its way gets that one, so that a crowd of askers costs
 * no more than one.
 */
export function createReadiness(checks: Record<string, ReadinessCheck>): () => Promise<ReadinessReport> {
  let asking: Promise<ReadinessReport> | undefined;
  return () => {
    asking ??= readinessOf(checks).finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

/** @throws Error naming the checks that failed */
export function requireReady({ checks }: ReadinessReport): void {
  const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
  if (failed.length > 0) throw new Error(`not ready: ${failed.join(', ')}`);
}
