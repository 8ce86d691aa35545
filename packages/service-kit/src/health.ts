import pTimeout from 'p-timeout';
import { type ErrorTranslator, isStorageFull } from './errors.js';

/** Something that a service needs: a database, a bus, a store, another service. */
export interface Dependency {
  /** Rejects while it is not available, and with `storage_full` while it only takes nothing new. */
  ready(): Promise<unknown>;
  translateError?: ErrorTranslator | undefined;
}
export type Dependencies = Readonly<Record<string, Dependency>>;

/** `full`: it takes nothing new. Reads and deletes go on, so the service is ready: only with it can anybody make room. */
export type CheckResult = 'ok' | 'full' | 'failed';

export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, CheckResult>;
}

/** A service is ready, and a store that it needs is full. */
export class NearlyReadyError extends Error {
  override readonly name = 'NearlyReadyError';
  readonly code = 'storage_full';
}

const CHECK_TIMEOUT_MS = 3000;

async function check(dependency: Dependency): Promise<CheckResult> {
  const asked = Promise.resolve().then(() => dependency.ready());
  return pTimeout(asked, { milliseconds: CHECK_TIMEOUT_MS }).then(
    () => 'ok',
    (error: unknown) => (isStorageFull(error) ? 'full' : 'failed'),
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
    const results = await Promise.all(Object.values(this.dependencies).map(check));
    const checks = names.map((name, index) => [name, results[index] ?? 'failed'] as const);
    return { ready: results.every((result) => result !== 'failed'), checks: Object.fromEntries(checks) };
  }

  /** @throws Error that names the checks that failed; NearlyReadyError that names what is full */
  async require(): Promise<void> {
    const { checks } = await this.report();
    const named = (result: CheckResult) => Object.keys(checks).filter((name) => checks[name] === result);
    const [failed, full] = [named('failed'), named('full')];
    if (failed.length > 0) throw new Error(`not ready: ${failed.join(', ')}`);
    if (full.length > 0) throw new NearlyReadyError(`full: ${full.join(', ')}`);
  }
}
