-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "captured_at_source" TEXT;
