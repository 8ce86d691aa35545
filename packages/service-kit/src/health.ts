import pTimeout from 'p-timeout';
import type { ErrorTranslator } from './errors.js';

/** Something that a service needs: a database, a bus, a store, another service. */
export interface Dependency {
  /** Rejects while it is not available. */
  ready(): Promise<unknown>;
  translateError?: ErrorTranslator | undefined;
}
export type Dependencies = Readonly<Record<string, Dependency>>;

export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, 'ok' | 'failed'>;
}

const CHECK_TIMEOUT_MS = 3000;

async function isReady(dependency: Dependency): Promise<boolean> {
  const check = Promise.resolve().then(() => dependency.ready());
  return pTimeout(check, { milliseconds: CHECK_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

/** Checks all dependencies at the same time; each has three seconds. */
export async function readinessOf(dependencies: Dependencies): Promise<ReadinessReport> {
  const results = await Promise.all(
    Object.entries(dependencies).map(
      async ([name, dependency]) => [name, await isReady(dependency)] as const,
    ),
  );
  return {
    ready: results.every(([, ready]) => ready),
    checks: Object.fromEntries(results.map(([name, ready]) => [name, ready ? 'ok' : 'failed'])),
  };
}

/** The readiness of a service. Requests for it that come during a check share its result, so that many cost no more than one. */
export class Readiness {
  #running: Promise<ReadinessReport> | undefined;
  constructor(readonly dependencies: Dependencies) {}

  report(): Promise<ReadinessReport> {
    this.#running ??= readinessOf(this.dependencies).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** @throws Error that names the checks that failed */
  async require(): Promise<void> {
    const { checks } = await this.report();
    const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
    if (failed.length > 0) throw new Error(`not ready: ${failed.join(', ')}`);
  }
}
