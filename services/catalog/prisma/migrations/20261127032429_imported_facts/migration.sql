-- AlterTable
ALTER TABLE "photos" ADD COLUMN     "sidecar_date" TIMESTAMPTZ(3),
ADD COLUMN     "trashed_by_import" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "deleted_albums" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "deleted_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deleted_albums_pkey" PRIMARY KEY ("id")
);
