import type { Database } from '@lazyphotos/database';
import { Prisma, PrismaClient } from './generated/prisma/client.js';

export type {
  Album as AlbumRow,
  Photo as PhotoRow,
  ShareLink as ShareLinkRow,
} from './generated/prisma/client.js';
export { Prisma };
export type CatalogDb = PrismaClient;
export type CatalogTx = Prisma.TransactionClient;

export const createPrisma = ({ adapter, transactionOptions }: Database): CatalogDb =>
  new PrismaClient({ adapter, transactionOptions });
