import type { Database } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type { Archive, UploadSession } from './generated/prisma/client.js';
export type UploadDb = PrismaClient;
export type UploadTx = Prisma.TransactionClient;

export const createPrisma = ({ adapter, transactionOptions }: Database): UploadDb =>
  new PrismaClient({ adapter, transactionOptions });
