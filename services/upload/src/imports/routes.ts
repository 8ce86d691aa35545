import { endpoints } from '@lazyphotos/contracts';
import { keyedRequest, type ServiceApp } from '@lazyphotos/service-kit';
import type { ImportJobs } from './jobs.js';
import type { SendReport } from './report.js';

/** The public API of imports. */
export function mountImportRoutes({ mount }: ServiceApp, jobs: ImportJobs, sendReport: SendReport): void {
  mount(endpoints.createImport, (call) =>
    jobs.create(call.principal, call.body, keyedRequest(endpoints.createImport, call)),
  );
  mount(endpoints.listImports, ({ principal, query }) => jobs.list(principal.userId, query));
  mount(endpoints.getImport, ({ principal, params }) => jobs.view(principal.userId, params.id));
  mount(endpoints.cancelImport, async ({ principal, params }) => {
    await jobs.cancel(principal.userId, params.id);
    return undefined;
  });
  mount(endpoints.pauseImport, ({ principal, params }) => jobs.pause(principal.userId, params.id));
  mount(endpoints.resumeImport, ({ principal, params }) => jobs.resume(principal.userId, params.id));
  mount(endpoints.addImportParts, ({ principal, params, body }) => jobs.addParts(principal, params.id, body));
  mount(endpoints.getImportReport, async ({ principal, params, query, res }) => {
    const job = await jobs.find(principal.userId, params.id);
    return sendReport(job, query.format, res);
  });
}
