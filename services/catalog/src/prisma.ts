import { type Database, transactionOptions } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type {
  Album as AlbumRow,
  Photo as PhotoRow,
  ShareLink as ShareLinkRow,
} from './generated/prisma/client.js';
export { Prisma } from './generated/prisma/client.js';
export type CatalogDb = PrismaClient;
export type CatalogTx = Prisma.TransactionClient;

export const createPrisma = (database: Database): CatalogDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions });
