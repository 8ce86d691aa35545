import { type Database, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type { Archive, UploadSession } from './generated/prisma/client.js';
export type UploadDb = PrismaClient;
export type UploadTx = Prisma.TransactionClient;

export const createPrisma = (database: Database): UploadDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
