import type { AccountsApi, CopiesApi, FeedApi } from '@lazyphotos/contracts';
import type { Database, UnitOfWork } from '@lazyphotos/database';
import type { Passwords } from '@lazyphotos/passwords';
import type { Logger, MediaUrls, RefuseEvent, ShareSigning } from '@lazyphotos/service-kit';
import type { CatalogMetrics } from './metrics.js';
import type { PageNames } from './photos/page-names.js';
import type { CatalogDb, CatalogTx } from './prisma.js';

/** What the functions of this service work with; made once, in service.ts. */
export interface CatalogContext {
  /** For the prepared statements of the hot paths. */
  database: Database;
  pageNames: PageNames;
  db: CatalogDb;
  unitOfWork: UnitOfWork<CatalogTx>;
  metrics: CatalogMetrics;
  refuse: RefuseEvent;
  logger: Logger;
  now: () => Date;
  feed: FeedApi;
  copies: CopiesApi;
  accounts: AccountsApi;
  mediaUrls: MediaUrls;
  passwords: Passwords;
  shareSigning: ShareSigning;
  /** How many days photos stay in the trash of users who have set nothing. */
  defaultTrashDays: number;
}
