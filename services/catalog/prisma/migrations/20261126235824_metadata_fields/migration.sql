-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "altitude" DOUBLE PRECISION,
ADD COLUMN     "archived" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "captured_at_offset" INTEGER,
ADD COLUMN     "duration_ms" INTEGER,
ADD COLUMN     "edits" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "kind" TEXT NOT NULL DEFAULT 'photo',
ADD COLUMN     "place" JSONB,
ADD COLUMN     "rating" INTEGER;
