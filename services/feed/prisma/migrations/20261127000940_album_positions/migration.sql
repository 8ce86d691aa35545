-- AlterTable
ALTER TABLE "feed_album_items" ADD COLUMN     "position" TEXT COLLATE "C",
ADD COLUMN     "position_version" INTEGER NOT NULL DEFAULT 0;
