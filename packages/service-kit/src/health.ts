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

/** The readiness of a service. Requests for it that come during a check share its result, so that many cost no more than one. */
export class Readiness {
  #running: Promise<ReadinessReport> | undefined;
  constructor(readonly dependencies: Dependencies) {}

  /** Checks all dependencies at the same time; each has three seconds. */
  report(): Promise<ReadinessReport> {
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #check(): Promise<ReadinessReport> {
    const names = Object.keys(this.dependencies);
    const results = await Promise.all(Object.values(this.dependencies).map(isReady));
    const checks = names.map((name, index) => [name, results[index] ? 'ok' : 'failed'] as const);
    return { ready: results.every(Boolean), checks: Object.fromEntries(checks) };
  }

  /** @throws Error that names the checks that failed */
  async require(): Promise<void> {
    const { checks } = await this.report();
    const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
    if (failed.length > 0) throw new Error(`not ready: ${failed.join(', ')}`);
  }
}
