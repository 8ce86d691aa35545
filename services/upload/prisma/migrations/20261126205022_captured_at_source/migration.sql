-- AlterTable
ALTER TABLE "upload_sessions" ADD COLUMN     "captured_at_source" TEXT;
