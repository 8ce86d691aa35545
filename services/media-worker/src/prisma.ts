import type { Database } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type MediaDb = PrismaClient;
export type MediaTx = Prisma.TransactionClient;

export const createPrisma = ({ adapter, transactionOptions }: Database): MediaDb =>
  new PrismaClient({ adapter, transactionOptions });
