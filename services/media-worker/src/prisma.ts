import { type Database, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type MediaDb = PrismaClient;
export type MediaTx = Prisma.TransactionClient;

export const createPrisma = (database: Database): MediaDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
