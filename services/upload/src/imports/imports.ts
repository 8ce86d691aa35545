import { endpoints } from '@lazyphotos/contracts';
import type { Database } from '@lazyphotos/database';
import { createPeriodic, keyedRequest, type Periodic, type ServiceApp } from '@lazyphotos/service-kit';
import type { UploadContext } from '../context.js';
import {
  addParts,
  cancelImport,
  createImport,
  findImport,
  listImports,
  pauseImport,
  resumeImport,
} from './jobs.js';
import { sendReport } from './report.js';
import { ImportRunner } from './runner.js';
import { viewImport } from './view.js';

/** Requests start the runner; this is for imports that wait for something, and for what an earlier process has left. */
const POLL_MS = 5000;

/** Imports of archives: the API, and the work in the background, which the caller starts and stops. */
export function createImports(
  { mount }: ServiceApp,
  context: UploadContext,
  pool: Database['pool'],
  pollMs = POLL_MS,
): Periodic {
  const runner = new ImportRunner(context, pool);
  const running = createPeriodic('imports', pollMs, (signal) => runner.run(signal), context.logger);
  /** Starts the runner once a request has changed an import. */
  const thenRun = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change;
    running.nudge();
    return result;
  };

  mount(endpoints.createImport, (call) => {
    const request = keyedRequest(endpoints.createImport, call);
    return thenRun(createImport(context, call.principal, call.body, request));
  });
  mount(endpoints.listImports, ({ principal, query }) => listImports(context, principal.userId, query));
  mount(endpoints.getImport, async ({ principal, params }) =>
    viewImport(context.db, await findImport(context, principal.userId, params.id)),
  );
  mount(endpoints.cancelImport, async ({ principal, params }) => {
    await cancelImport(context, principal.userId, params.id);
    return undefined;
  });
  mount(endpoints.pauseImport, ({ principal, params }) =>
    thenRun(pauseImport(context, principal.userId, params.id)),
  );
  mount(endpoints.resumeImport, ({ principal, params }) =>
    thenRun(resumeImport(context, principal.userId, params.id)),
  );
  mount(endpoints.addImportParts, ({ principal, params, body }) =>
    thenRun(addParts(context, principal, params.id, body)),
  );
  mount(endpoints.getImportReport, async ({ principal, params, query, res }) => {
    const job = await findImport(context, principal.userId, params.id);
    return sendReport(context, job, query.format, res);
  });
  return running;
}
