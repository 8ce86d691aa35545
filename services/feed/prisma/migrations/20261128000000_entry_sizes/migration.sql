-- AlterTable
ALTER TABLE "feed_entries" ADD COLUMN     "size" INTEGER NOT NULL GENERATED ALWAYS AS (octet_length("data"::text)) STORED;
