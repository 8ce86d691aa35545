-- CreateTable
CREATE TABLE "share_links" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "photo_id" UUID,
    "album_id" UUID,
    "title" TEXT,
    "owner_name" TEXT,
    "password_hash" TEXT,
    "password_version" INTEGER NOT NULL DEFAULT 0,
    "allow_download" BOOLEAN NOT NULL,
    "show_location" BOOLEAN NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "view_count" INTEGER NOT NULL DEFAULT 0,
    "last_viewed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "share_links_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "share_links_token_hash_key" ON "share_links"("token_hash");

-- CreateIndex
CREATE INDEX "share_links_user_id_created_at_id_idx" ON "share_links"("user_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "share_links_photo_id_idx" ON "share_links"("photo_id");

-- CreateIndex
CREATE INDEX "share_links_album_id_idx" ON "share_links"("album_id");

-- AddForeignKey
ALTER TABLE "share_links" ADD CONSTRAINT "share_links_photo_id_fkey" FOREIGN KEY ("photo_id") REFERENCES "photos"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "share_links" ADD CONSTRAINT "share_links_album_id_fkey" FOREIGN KEY ("album_id") REFERENCES "albums"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A link shows exactly one thing.
ALTER TABLE "share_links" ADD CONSTRAINT "share_links_target_check" CHECK (num_nonnulls("photo_id", "album_id") = 1);
