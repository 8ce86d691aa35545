-- CreateTable
CREATE TABLE "feed_heads" (
    "user_id" UUID NOT NULL,
    "last_seq" BIGINT NOT NULL,

    CONSTRAINT "feed_heads_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "feed_entries" (
    "user_id" UUID NOT NULL,
    "entity" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "version" INTEGER NOT NULL,
    "deleted" BOOLEAN NOT NULL,
    "data" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "feed_entries_pkey" PRIMARY KEY ("user_id","entity","entity_id")
);

-- CreateTable
CREATE TABLE "feed_album_items" (
    "album_id" UUID NOT NULL,
    "photo_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "present" BOOLEAN NOT NULL,

    CONSTRAINT "feed_album_items_pkey" PRIMARY KEY ("album_id","photo_id")
);

-- CreateTable
CREATE TABLE "feed_epochs" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "feed_epochs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "feed_entries_user_id_seq_key" ON "feed_entries"("user_id", "seq");
